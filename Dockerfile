# syntax=docker/dockerfile:1

FROM node:20-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY schema.graphqls ../
COPY web ./
RUN npm run build

FROM golang:1.26-bookworm AS build
ARG VERSION=devel
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
COPY --from=web /src/web/dist web/dist
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X workflowfactory/graph.version=${VERSION}" -o /wfd ./cmd/wfd

FROM gcr.io/distroless/static-debian12:nonroot
ARG VERSION=devel
LABEL org.opencontainers.image.title="Workflow Factory" \
      org.opencontainers.image.description="The control plane through which teams see, steer and answer for AI agents" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /wfd /usr/local/bin/wfd
ENV ENV=production HOST=0.0.0.0 PORT=8000
EXPOSE 8000
USER nonroot
# The image has no shell and no curl; the program asks itself.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["/usr/local/bin/wfd", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/wfd"]
CMD ["serve"]
