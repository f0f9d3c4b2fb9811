# Proffer. `make run` sets up and starts everything; `make test` sets up and proves everything.
# Both install what is missing and work a second time without the network.

export GOFLAGS := -buildvcs=false
STAMP := web/node_modules/.stamp
JS    := $(shell find web/js web/css web/bundle -type f 2>/dev/null)

.PHONY: run test bench check fmt generate build deps-run deps-test clean

run: deps-run build
	@PROFFER_DEMO=$${PROFFER_DEMO:-true} PROFFER_LOG=$${PROFFER_LOG:-warn} exec ./bin/proffer serve

test: deps-test build check
	CI=$(CI) go test -timeout 45m ./...
	node --test web/js

bench: deps-test build
	@go test -run '^$$' -bench . -benchtime 5x -timeout 60m ./... 2>&1 | ./.ci/bench

build: web/dist/manifest.json
	go build -o bin/proffer .
	go build -o bin/guest ./media/participant/guest

# What it takes to run: PostgreSQL, ffmpeg, bubblewrap. To test: a browser and XML, PDF and font tools beside them.
deps-run:
	@./.ci/deps run
deps-test:
	@./.ci/deps test

$(STAMP): web/package-lock.json
	cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/manifest.json: $(STAMP) $(JS)
	go run ./web/bundle

# Generated files are committed; check proves that they are fresh.
generate:
	go tool templ generate -path web

fmt: generate
	gofmt -w $$(git ls-files '*.go' | grep -v _templ.go)
	go tool templ fmt web

check: $(STAMP)
	@./.ci/check

clean:
	rm -rf bin web/node_modules web/dist/*
