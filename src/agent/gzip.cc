#include "agent/gzip.h"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <array>

namespace clary::agent {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;
// docs/decisions/agent.md has the measurements behind it.
constexpr int kLevel = 2;

}  // namespace

struct GzipWriter::Compressor {
  Compressor() : handle(libdeflate_alloc_compressor(kLevel)) {
    if (handle == nullptr) throw std::bad_alloc();
  }
  ~Compressor() { libdeflate_free_compressor(handle); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  libdeflate_compressor* handle;
  std::string out;
};

GzipWriter::GzipWriter(ByteSink sink)
    : sink_(std::move(sink)), compressor_(std::make_unique<Compressor>()) {}

GzipWriter::~GzipWriter() = default;

void GzipWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t taken = std::min(bytes.size(), kBlockBytes - block_.size());
    block_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (block_.size() == kBlockBytes) flush();
  }
}

void GzipWriter::flush() {
  std::string& out = compressor_->out;
  out.resize(libdeflate_gzip_compress_bound(compressor_->handle, block_.size()));
  const std::size_t size = libdeflate_gzip_compress(compressor_->handle, block_.data(),
                                                    block_.size(), out.data(), out.size());
  sink_(std::string_view(out).substr(0, size));
  block_.clear();
  any_ = true;
}

void GzipWriter::finish() {
  if (!block_.empty() || !any_) flush();
}

struct GzipReader::Stream {
  Stream() {
    // 32: gzip or zlib header, found out by itself.
    if (inflateInit2(&state, 15 + 32) != Z_OK) throw std::bad_alloc();
  }
  ~Stream() { inflateEnd(&state); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  z_stream state = {};
  bool member_ended = false;
  bool any = false;
  std::array<char, 256 * 1024> out;
};

GzipReader::GzipReader(ByteSink sink)
    : sink_(std::move(sink)), stream_(std::make_unique<Stream>()) {}

GzipReader::~GzipReader() = default;

void GzipReader::write(std::string_view bytes) {
  z_stream& state = stream_->state;
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  state.avail_in = static_cast<uInt>(bytes.size());
  while (state.avail_in > 0) {
    if (stream_->member_ended) {
      // Zero bytes after the last member are padding, as some tools write.
      if (*state.next_in == 0) return;
      if (inflateReset(&state) != Z_OK) throw BadArchive("damaged gzip data");
      stream_->member_ended = false;
    }
    stream_->any = true;
    int result = Z_OK;
    do {
      state.next_out = reinterpret_cast<Bytef*>(stream_->out.data());
      state.avail_out = static_cast<uInt>(stream_->out.size());
      result = inflate(&state, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        throw BadArchive("damaged gzip data");
      }
      const std::size_t size = stream_->out.size() - state.avail_out;
      if (size > 0) sink_(std::string_view(stream_->out.data(), size));
    } while (result == Z_OK && state.avail_out == 0);
    stream_->member_ended = result == Z_STREAM_END;
  }
}

void GzipReader::finish() {
  if (!stream_->any || !stream_->member_ended) throw BadArchive("gzip data is cut short");
}

}  // namespace clary::agent
