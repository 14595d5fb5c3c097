# Weir in a container: the server alone, for a PostgreSQL that runs elsewhere (DATABASE_URL).
#
#     docker build -t weir .
#     docker run -p 127.0.0.1:8000:8000 -v weir_data:/var/lib/weir \
#         -e DATABASE_URL=postgresql://… -e WEIR_TOKENS=ingest+read+admin=… weir
#
# Backups and restores need pg_dump and pg_restore of the server's version: for another PostgreSQL than 16,
# build with --build-arg POSTGRES_MAJOR=17.

ARG SWIFT_VERSION=6.3

FROM swift:${SWIFT_VERSION}-bookworm AS build

RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libcurl4-openssl-dev libpq-dev libsqlite3-dev libyaml-dev pkg-config python3 zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /src
# SwiftPM needs the folder of every target in the manifest, including the tests. The package holds the manuals.
COPY Package.swift README.md SECURITY.md CHANGELOG.md env_template ./
COPY migrations migrations
COPY Sources Sources
COPY Tests Tests
COPY Fuzz Fuzz
COPY scripts scripts
COPY deploy deploy
COPY docs docs

RUN --mount=type=cache,target=/src/.build scripts/package /out


FROM debian:bookworm-slim

# Debian has one version of the client only; PostgreSQL's repository has all maintained versions.
ARG POSTGRES_MAJOR=16
ADD --chmod=0644 https://www.postgresql.org/media/keys/ACCC4CF8.asc /usr/share/keyrings/postgresql.asc

RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && echo "deb [signed-by=/usr/share/keyrings/postgresql.asc] https://apt.postgresql.org/pub/repos/apt bookworm-pgdg main" \
        > /etc/apt/sources.list.d/postgresql.list \
    && apt-get update \
    && apt-get install -y --no-install-recommends "postgresql-client-${POSTGRES_MAJOR}" \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 weir \
    && useradd --system --uid 10001 --gid weir --home-dir /var/lib/weir --shell /usr/sbin/nologin weir \
    && install -d -o weir -g weir -m 0700 /var/lib/weir /var/backups/weir

# The Debian package brings its dependencies; it finds the user that is there and starts nothing.
RUN --mount=type=bind,from=build,source=/out,target=/packages \
    apt-get update \
    && apt-get install -y --no-install-recommends /packages/weir_*.deb \
    && rm -rf /var/lib/apt/lists/*

LABEL org.opencontainers.image.title="Weir" \
      org.opencontainers.image.description="Receives the telemetry of computational workflows and keeps it in PostgreSQL" \
      org.opencontainers.image.licenses="Apache-2.0"

# Every address, since ports are published from outside the container. Weir refuses to start like this until
# WEIR_TOKENS is set or WEIR_ALLOW_ANONYMOUS=true says that something else controls access.
ENV WEIR_LISTEN=0.0.0.0:8000,runs@0.0.0.0:8765 \
    WEIR_DATA_DIR=/var/lib/weir

USER weir
WORKDIR /var/lib/weir
# The journal. Without a volume it is lost with the container, and so are lines that are not loaded yet.
VOLUME /var/lib/weir
EXPOSE 8000 8765

STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 CMD ["weir", "health", "--quiet"]

ENTRYPOINT ["weir"]
# Quiet, so that it writes log lines only.
CMD ["serve", "--quiet"]
