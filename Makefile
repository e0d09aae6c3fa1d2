# make run      build, and start the server on the sandbox: no Kubernetes needed
# make test     every test, in every language
# make check    what must hold before the tests: format, lints, specs, generated files
# make docs     run the examples and refresh what is generated and committed
# make release  optimised binaries
# make build    the container image

.PHONY: run test check docs release build tools

SERVER = cargo run --quiet --package cnpg-mcp --bin cnpg-mcp-server --

run:
	$(SERVER) --transport http --auth none --sandbox --print-client-config

tools:
	command -v cargo-nextest >/dev/null || cargo install cargo-nextest --locked
	./tests/clients/install.sh
	./tests/redis/install.sh
	./tests/browser/install.sh
	./tests/conformance/install.sh
	./tests/provider/install.sh

test: tools
	cargo build --workspace --bins
	cargo test --workspace --doc --quiet
	cargo nextest run --workspace

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- --deny warnings
	cargo run --quiet --package cnpg-mcp-codegen -- check --deny-warnings
	cargo run --quiet --package cnpg-mcp-codegen -- fmt --check
	cargo run --quiet --package cnpg-mcp-tests --bin refresh -- --check

docs:
	cargo run --quiet --package cnpg-mcp-tests --bin refresh

release:
	cargo build --release --package cnpg-mcp --package cnpg-mcp-cli

build:
	@echo "The container image comes with the chart; neither exists yet." >&2; exit 1
