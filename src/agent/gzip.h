// Gzip in pieces: compressing what goes to S3, uncompressing what comes from it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace clary::agent {

using ByteSink = std::function<void(std::string_view)>;

// Compresses blocks of a megabyte as gzip members of their own (RFC 1952 section 2.2 allows many),
// which keeps memory bounded and lets libdeflate do the work, several times faster than zlib.
class GzipWriter {
 public:
  explicit GzipWriter(ByteSink sink);
  ~GzipWriter();
  void write(std::string_view bytes);
  void finish();

 private:
  void flush();

  struct Compressor;
  ByteSink sink_;
  std::string block_;
  std::unique_ptr<Compressor> compressor_;
  bool any_ = false;
};

class BadArchive : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws BadArchive on damage, and from finish() on data cut short.
class GzipReader {
 public:
  explicit GzipReader(ByteSink sink);
  ~GzipReader();
  void write(std::string_view bytes);
  void finish();

 private:
  struct Stream;
  ByteSink sink_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace clary::agent
