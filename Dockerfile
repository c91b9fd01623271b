ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
# `dask`: with what `--engine dask` needs; see compose.dask.yaml.
ARG EXTRAS=serve
# The tools have a venv of their own: neither they nor pip come into the result.
COPY requirements/build.txt requirements/compiler.txt requirements/serve.txt requirements/dask.txt requirements/
RUN python3 -m venv tools \
    && tools/bin/python -m pip install --quiet --require-hashes -r requirements/build.txt -r requirements/compiler.txt \
    && python3 -m venv --without-pip /opt/tasador \
    && tools/bin/python -m pip --python /opt/tasador/bin/python install --quiet --no-compile \
        --only-binary :all: --require-hashes -r requirements/${EXTRAS}.txt
COPY pyproject.toml README.md hatch_build.py ./
COPY domain domain
COPY application application
COPY adapters adapters
COPY config config
COPY entrypoints entrypoints
# Compiled once here, as the service may not write to its own code.
RUN tools/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir wheels . \
    && tools/bin/python -m pip --python /opt/tasador/bin/python install --quiet --no-compile --no-deps --no-index wheels/*.whl \
    && /opt/tasador/bin/python -m compileall -qq -j 0 --invalidation-mode unchecked-hash -x /tests/ /opt/tasador/lib

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="tasador" \
    org.opencontainers.image.description="Values homes: trains on your own sales, serves valuations over an authenticated HTTP API" \
    org.opencontainers.image.licenses="Apache-2.0"
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3.*/ensurepip /usr/local/lib/python3.*/site-packages/pip* \
    && groupadd --gid 10001 tasador \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/tasador --shell /usr/sbin/nologin tasador \
    && install --directory --owner 10001 --group 10001 --mode 0750 /var/lib/tasador
COPY --from=build /opt/tasador /opt/tasador
COPY tasador.toml /etc/tasador/
COPY data/ames_sales.csv /etc/tasador/data/
# It listens on the container's own network, which reaches no further than whoever publishes the port decides: on
# loopback, behind a proxy that speaks TLS, or with http.tls_certificate and http.tls_key set.
ENV PATH=/opt/tasador/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TASADOR_CONFIG=/etc/tasador/tasador.toml \
    TASADOR_HOME=/var/lib/tasador \
    TASADOR_HTTP__HOST=0.0.0.0 \
    TASADOR_HTTP__BEHIND_PROXY=true
WORKDIR /var/lib/tasador
VOLUME /var/lib/tasador
USER 10001:10001
EXPOSE 8000
# Not through urllib, which would ask a configured proxy for it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python3", "-c", "\
import http.client, os, ssl, sys; \
address = ('127.0.0.1', int(os.environ.get('TASADOR_HTTP__PORT', 8000))); \
tls = 'TASADOR_HTTP__TLS_CERTIFICATE' in os.environ; \
service = http.client.HTTPSConnection(*address, timeout=4, context=ssl._create_unverified_context()) if tls \
else http.client.HTTPConnection(*address, timeout=4); \
service.request('GET', '/health/ready'); \
sys.exit(service.getresponse().status != 200)"]
ENTRYPOINT ["tasador"]
CMD ["serve"]
