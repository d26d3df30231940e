# syntax=docker/dockerfile:1

# A small image for `herald serve` and `herald worker`. Temporal's server is left out (tag noembed): in containers it
# runs beside Herald, see docker-compose.yml.

FROM golang:1.26.8-alpine AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOCACHE=/cache/build GOMODCACHE=/cache/mod
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/cache go mod download
COPY . .
RUN --mount=type=cache,target=/cache \
    go build -trimpath -tags noembed -ldflags='-s -w' -o /out/herald ./cmd/herald

FROM alpine:3.22
RUN apk add --no-cache ca-certificates tzdata \
    && addgroup -S -g 10001 herald \
    && adduser -S -D -H -u 10001 -G herald herald \
    && install -d -m 0700 -o herald -g herald /var/lib/herald
COPY --from=build /out/herald /usr/local/bin/herald
USER 10001:10001
# The public listener (messengers, read links) and the private one (API, account page, metrics).
ENV HERALD_PUBLIC_LISTEN=:8080 HERALD_LISTEN=:8081
EXPOSE 8080 8081
ENTRYPOINT ["herald"]
CMD ["serve"]
