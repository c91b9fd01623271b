# Two images: `serve`, the last and so the default, and `train`, which has the learners too. `make image` builds both,
# `make image-check` tries them. The base is any Debian with Python 3.11 or newer, best named with its digest:
#   --build-arg PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm@sha256:...
# Of it the images have Python and what Python loads: no shell, no package manager, no program that is setuid.
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS trimmed
WORKDIR /build
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
COPY scripts/image_root scripts/image_root
RUN python3 -m scripts.image_root /build/root

# The tools have venvs of their own: neither they nor pip come into the result. pip's settings, for a registry of your
# own, are a secret of the build, which no layer keeps: --secret id=pip,src=/etc/pip.conf
FROM ${PYTHON_IMAGE} AS tools
# Sets in the same order wherever it is built, so that byte code comes out the same.
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PYTHONHASHSEED=0
WORKDIR /build
COPY requirements/audit.txt requirements/build.txt requirements/compiler.txt requirements/
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python3 -m venv tools && python3 -m venv audit \
    && tools/bin/python -m pip install --quiet --require-hashes -r requirements/build.txt -r requirements/compiler.txt \
    && audit/bin/python -m pip install --quiet --require-hashes -r requirements/audit.txt

# The libraries, compiled once here, as the service may not write to its own code; without tests, sources, pages,
# languages, programs and services of theirs that it never asks for.
FROM tools AS libraries
# `dask`, for either image: what `--engine dask` needs, too; see compose.dask.yaml.
ARG EXTRAS=
COPY requirements/serve.txt requirements/dask.txt requirements/
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python3 -m venv --without-pip /opt/tasador \
    && tools/bin/python -m pip --python /opt/tasador/bin/python install --quiet --no-compile \
        --only-binary :all: --require-hashes -r requirements/serve.txt ${EXTRAS:+-r requirements/${EXTRAS}.txt} \
    && cd /opt/tasador/lib/python3.*/site-packages \
    && rm -rf swagger_ui/static/swagger-editor* swagger_ui/static/*-es-bundle* bootstrap/js /opt/tasador/include \
    && find bootstrap/css -type f ! -name bootstrap.min.css -delete \
    && find botocore/data -mindepth 1 -maxdepth 1 -type d ! -name 's3' ! -name 's[st][so]*' -exec rm -r {} + \
    && find faker/providers -mindepth 2 -type d -name '*_*' ! -name en_US ! -name en -exec rm -r {} + \
    && find . -type d -name tests -prune -exec rm -r {} + \
    && find . -type f -regex '.*\.\(c\|h\|cpp\|hpp\|pyx\|pxd\|pxi\|pyi\|a\)' -delete \
    && find /opt/tasador/bin -type f ! -name dask -delete \
    && /opt/tasador/bin/python -m compileall -qq -j 0 --invalidation-mode unchecked-hash /opt/tasador/lib

FROM libraries AS learners
COPY requirements/train.txt requirements/
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    tools/bin/python -m pip --python /opt/tasador/bin/python install --quiet --no-compile \
        --only-binary :all: --require-hashes -r requirements/train.txt \
    && cd /opt/tasador/lib/python3.*/site-packages \
    && rm -rf pyarrow/include pyarrow/src pyarrow/*flight* \
    && find . -type d -name tests -prune -exec rm -r {} + \
    && find . -type f -regex '.*\.\(c\|h\|cpp\|hpp\|pyx\|pxd\|pxi\|pyi\|a\)' -delete \
    && find /opt/tasador/bin -type f ! -name dask -delete \
    && /opt/tasador/bin/python -m compileall -qq -j 0 --invalidation-mode unchecked-hash /opt/tasador/lib

# Tasador by itself, as it will lie over the libraries: a layer of its own, the same for the same sources.
FROM libraries AS application
COPY pyproject.toml README.md hatch_build.py ./
COPY domain domain
COPY application application
COPY adapters adapters
COPY config config
COPY entrypoints entrypoints
RUN tools/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir wheels . \
    && tools/bin/python -m pip --python /opt/tasador/bin/python install --quiet --no-compile --no-deps --no-index \
        --prefix /application wheels/*.whl \
    && /opt/tasador/bin/python -m compileall -qq --invalidation-mode unchecked-hash -s /application -p /opt/tasador \
        /application \
    && test -x /application/bin/tasador -a -d /application/lib/python3.*/site-packages/entrypoints

FROM libraries AS bill
ARG EXTRAS=
COPY pyproject.toml ./
COPY adapters/valuation_models/kernel adapters/valuation_models/kernel
COPY application/__init__.py application/version.py application/
COPY requirements/audit.toml requirements/
COPY scripts/supply_chain scripts/supply_chain
COPY --from=trimmed /build/root/var/lib/dpkg/status.d status.d
RUN audit/bin/python -m scripts.supply_chain.sbom --python /opt/tasador/bin/python --output sbom.cdx.json --system status.d \
        --requirements requirements/serve.txt ${EXTRAS:+--requirements requirements/${EXTRAS}.txt}

FROM learners AS learners-bill
ARG EXTRAS=
COPY pyproject.toml ./
COPY adapters/valuation_models/kernel adapters/valuation_models/kernel
COPY application/__init__.py application/version.py application/
COPY requirements/audit.toml requirements/
COPY scripts/supply_chain scripts/supply_chain
COPY --from=trimmed /build/root/var/lib/dpkg/status.d status.d
RUN audit/bin/python -m scripts.supply_chain.sbom --python /opt/tasador/bin/python --output sbom.cdx.json --system status.d \
        --requirements requirements/serve.txt --requirements requirements/train.txt \
        ${EXTRAS:+--requirements requirements/${EXTRAS}.txt}

FROM scratch AS runtime
COPY --from=trimmed /build/root /
# It listens on the container's own network, which reaches no further than whoever publishes the port decides: on
# loopback, behind a proxy that speaks TLS, or with http.tls_certificate and http.tls_key set.
ENV PATH=/opt/tasador/bin:/usr/local/bin:/usr/bin:/bin \
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
ARG PYTHON_IMAGE
# Version, revision and source are labels of the build: --label org.opencontainers.image.version=..., see the Makefile.
LABEL org.opencontainers.image.title="tasador" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.base.name="${PYTHON_IMAGE}"
ENTRYPOINT ["tasador"]

FROM runtime AS train
LABEL org.opencontainers.image.description="Trains on your own sales, evaluates, values files, and does all that the image tasador does"
COPY --from=learners /opt/tasador /opt/tasador
COPY --from=learners-bill /build/sbom.cdx.json /usr/share/doc/tasador/
COPY tasador.toml /etc/tasador/
COPY data/ames_sales.csv /etc/tasador/data/
COPY --from=application /application /opt/tasador
CMD ["train"]

FROM runtime AS serve
LABEL org.opencontainers.image.description="Serves valuations of homes over an authenticated HTTP API; trains, evaluates and values files not: tasador-train"
COPY --from=libraries /opt/tasador /opt/tasador
COPY --from=bill /build/sbom.cdx.json /usr/share/doc/tasador/
COPY tasador.toml /etc/tasador/
COPY data/ames_sales.csv /etc/tasador/data/
COPY --from=application /application /opt/tasador
# Not through urllib, which would ask a configured proxy for it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python3", "-c", "\
import http.client, os, ssl, sys; \
address = ('127.0.0.1', int(os.environ.get('TASADOR_HTTP__PORT', 8000))); \
tls = 'TASADOR_HTTP__TLS_CERTIFICATE' in os.environ; \
service = http.client.HTTPSConnection(*address, timeout=4, context=ssl._create_unverified_context()) if tls \
else http.client.HTTPConnection(*address, timeout=4); \
service.request('GET', '/health/ready'); \
sys.exit(service.getresponse().status != 200)"]
CMD ["serve"]
