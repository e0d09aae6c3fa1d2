# syntax=docker/dockerfile:1
# The image of both servers and the command. What is done here is done by the scripts in image/, which tests run too.

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# The caches keep what was built of the dependencies; they are no part of the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    image/build.sh && image/rootfs.sh target/release /rootfs

FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="cnpg-mcp" \
      org.opencontainers.image.description="An MCP server that manages PostgreSQL on Kubernetes through CloudNativePG" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /rootfs /
ENV PATH=/usr/local/bin \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 1000:1000
EXPOSE 4204 3001
ENTRYPOINT ["/usr/local/bin/cnpg-mcp-server"]
