# make run      build, and start the server on the sandbox: no Kubernetes needed
# make test     every test, in every language
# make check    what must hold before the tests: format, lints, specs, generated files
# make docs     run the examples and refresh what is generated and committed
# make release  optimised binaries
#
# On a cluster, driven by make.env (chart/README.md); each prints the command that it runs:
# make build      the container image
# make push       the image to its registry
# make secret     the Secret: the client's secret of auth0-config.json, or of a file in secrets/, and a signing key
# make deploy     install, or apply changed values
# make upgrade    build, push, and put the new image into place
# make rotate     a new signing key beside the old one, and pods that read it
# make undeploy   take the release away; the Secret stays
# make image-run  the image here: over stdio on its sandbox, or over HTTP with CONFIG=oidc.yaml

.PHONY: run test check docs release tools chart-snapshots
.PHONY: build push secret deploy upgrade rotate undeploy image-run

MAKE_ENV ?= make.env
-include $(MAKE_ENV)

# Everything at once: a build of one package alone compiles what it leans on again, with that package's features.
BUILD = cargo build --quiet --workspace --bins
# With the tests, whose dependencies turn features on too: what the check builds is what the tests run.
BUILD_ALL = $(BUILD) --tests
BUILT = $(or $(CARGO_TARGET_DIR),target)/debug
SERVER = cargo run --quiet --package cnpg-mcp --bin cnpg-mcp-server --
PYTHON = .tools/chart/bin/python

run:
	$(SERVER) --transport http --auth none --sandbox --print-client-config

tools:
	./tests/chart/install.sh
	command -v cargo-nextest >/dev/null || cargo install cargo-nextest --locked
	./tests/kubectl/install.sh
	./tests/clients/install.sh
	./tests/redis/install.sh
	./tests/browser/install.sh
	./tests/conformance/install.sh
	./tests/provider/install.sh

# These are the only tests that are ignored.
COMPARISONS = $(if $(and $(CNPG_CRDS_DIR),$(REAL_API_DIR)),--run-ignored all)

test: tools
	$(BUILD_ALL)
	cargo test --workspace --doc --quiet
	cargo nextest run --workspace $(COMPARISONS)
	$(PYTHON) -m pytest tests/chart
	@$(if $(COMPARISONS),,echo "NOT RUN: the suites that compare with the operator's CRDs and with recordings of an API server: CNPG_CRDS_DIR and REAL_API_DIR are not both set")

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- --deny warnings
	$(BUILD_ALL)
	$(BUILT)/cnpg-mcp-codegen check --deny-warnings
	$(BUILT)/cnpg-mcp-codegen fmt --check
	$(BUILT)/refresh --check

docs:
	$(BUILD)
	$(BUILT)/refresh
	./tests/chart/install.sh
	$(PYTHON) tests/chart/values_table.py

chart-snapshots:
	./tests/chart/install.sh
	$(PYTHON) tests/chart/snapshots.py

release:
	cargo build --release --package cnpg-mcp --package cnpg-mcp-cli

# On a cluster.

RELEASE ?= mcp-server
# Another where the values have `fullnameOverride`.
DEPLOYMENT ?= $(RELEASE)
NAMESPACE ?= default
VALUES ?= auth0-values.yaml
SECRETS ?= secrets
PLATFORM ?= linux/amd64
CONFIG ?=
CNPG_MCP ?= cargo run --quiet --package cnpg-mcp-cli --

REPOSITORY = $(if $(REGISTRY),$(REGISTRY)/)$(IMAGE_NAME)
IMAGE = $(REPOSITORY):$(TAG)
IMAGE_VALUES = --set-string image.repository=$(REPOSITORY) --set-string image.tag=$(TAG)
# The client's secret where no auth0-config.json has it.
CLIENT_SECRET = $(wildcard $(SECRETS)/server-client-secret)
SETUP_SECRET = $(CNPG_MCP) setup secret --namespace $(NAMESPACE) --release-name $(RELEASE) --replace$(if $(CLIENT_SECRET), --client-secret-file $(CLIENT_SECRET))
REVISION = $(shell git rev-parse HEAD 2>/dev/null)

# Stops where a variable is not set.
need = $(foreach name,$(1),$(if $($(name)),,$(error $(name) is not set. Write it into $(MAKE_ENV); make.env.example shows how)))

build:
	$(call need,IMAGE_NAME TAG)docker build --platform $(PLATFORM) --build-arg VERSION=$(TAG) --build-arg REVISION=$(REVISION) --tag $(IMAGE) .

push:
	$(call need,REGISTRY IMAGE_NAME TAG)docker push $(IMAGE)

secret:
	$(SETUP_SECRET) --create-namespace

deploy:
	$(call need,IMAGE_NAME TAG)helm upgrade --install $(RELEASE) chart --namespace $(NAMESPACE) --create-namespace --values $(VALUES) $(IMAGE_VALUES)

upgrade: build push
	helm upgrade $(RELEASE) chart --namespace $(NAMESPACE) --reset-values --values $(VALUES) $(IMAGE_VALUES)
	kubectl rollout status deployment/$(DEPLOYMENT) --namespace $(NAMESPACE) --timeout 5m

rotate:
	$(SETUP_SECRET) --rotate-keys
	kubectl rollout restart deployment/$(DEPLOYMENT) --namespace $(NAMESPACE)
	kubectl rollout status deployment/$(DEPLOYMENT) --namespace $(NAMESPACE) --timeout 5m

undeploy:
	helm uninstall $(RELEASE) --namespace $(NAMESPACE) --ignore-not-found

image-run:
ifeq ($(CONFIG),)
	$(call need,IMAGE_NAME TAG)docker run --rm --interactive $(IMAGE) --sandbox
else
	$(call need,IMAGE_NAME TAG)docker run --rm --publish 127.0.0.1:4204:4204 --user $(shell id -u):$(shell id -g) --volume $(abspath $(CONFIG)):/etc/mcp/oidc.yaml:ro --volume $(abspath $(SECRETS)):/etc/mcp/secrets:ro $(IMAGE) --transport http --host 0.0.0.0
endif
