# Build inputs that come from package registries: pinned, fetched once into the build folder, never
# committed. tools/fetch_package.sh checks the SHA-256 that stands here.
