-- Run once, when the database is made: Tasador's own user, who owns its database and nothing else. The password comes
-- from its file, and stands on no command line.
\set password `cat /run/secrets/postgres_password`
create role tasador login password :'password';
create database tasador owner tasador;
revoke connect on database tasador from public;
