# syntax=docker/dockerfile:1
# One image with the three daemons; compose.yaml says which one a container runs.
ARG RUST_VERSION=1.95
ARG NODE_VERSION=22
ARG DEBIAN=bookworm

# The dashboard, which the api binary embeds when it is compiled.
FROM node:${NODE_VERSION}-${DEBIAN}-slim AS web
WORKDIR /src
COPY web web
COPY clients/typescript clients/typescript
WORKDIR /src/web
RUN --mount=type=cache,target=/root/.npm npm ci && npm run build

FROM rust:${RUST_VERSION}-slim-${DEBIAN} AS build
WORKDIR /src
COPY . .
COPY --from=web /src/web/dist web/dist
# The cache mounts exist during this step only, so the binaries are taken out within it.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package ingestion --package consumer --package api \
    && install -D --target-directory=/out target/release/ingestion target/release/consumer target/release/api

FROM debian:${DEBIAN}-slim AS run
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tidemark
COPY --from=build /out/ /usr/local/bin/
USER 10001:10001
EXPOSE 3001 3002 3003
# No entry point: the command names the daemon. This default shows what there is to name.
CMD ["api", "--help"]
