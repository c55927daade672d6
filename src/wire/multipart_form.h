// multipart/form-data as S3's browser uploads use it: fields first, one file last, the file
// streamed. Sources: RFC 7578, and "POST Object" in the Amazon S3 API reference (limits, order).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clary::wire {

// The boundary of a Content-Type header; nullopt when it is no multipart/form-data or has none that
// RFC 2046 allows (1 to 70 characters).
std::optional<std::string> form_boundary(std::string_view content_type);

struct FormField {
  std::string name;  // as sent; S3 compares without case
  std::string value;
};

// Pushed bytes become fields until the part named "file" begins; then file() gives its bytes.
// Memory is bounded: at most kMaxBytesBeforeFile before the file; after that what was pushed and
// not consumed yet. Time is linear in the bytes pushed. threads: one at a time.
class MultipartForm {
 public:
  // S3 allows 20 KB of fields; the lines around them are counted apart.
  static constexpr std::size_t kMaxFieldBytes = 20'000;
  static constexpr std::size_t kMaxBytesBeforeFile = 64 * 1024;
  static constexpr std::size_t kMaxFields = 128;

  enum class State {
    kFields,     // more bytes, please
    kFile,       // fields() is complete, file() has what is certain so far
    kEnd,        // the file has ended, or there was none
    kMalformed,  // no form, or it ended too early
    kTooLarge    // beyond a bound above
  };

  explicit MultipartForm(std::string_view boundary);

  State push(std::string_view bytes);
  // No bytes will follow.
  State finish();
  State state() const { return state_; }

  const std::vector<FormField>& fields() const { return fields_; }
  bool has_file() const { return has_file_; }
  // As the client called it, without folders.
  const std::string& file_name() const { return file_name_; }
  // Bytes that belong to the file for certain. The view lasts until the next push() or consume().
  std::string_view file() const;
  void consume(std::size_t count);

 private:
  enum class Step { kStart, kAfterDelimiter, kHead, kValue, kFile };

  // False when more bytes are needed.
  bool advance();
  bool take_start();
  bool after_delimiter();
  bool take_head();
  bool take_value();
  bool take_file();
  bool read_disposition(std::string_view head);
  bool fail(State state);
  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }

  const std::string delimiter_;  // CRLF--BOUNDARY
  State state_ = State::kFields;
  Step step_ = Step::kStart;
  std::string buffer_;
  std::size_t at_ = 0;       // what is before it was dealt with
  std::size_t scanned_ = 0;  // bytes after at_ that hold no delimiter
  std::size_t certain_ = 0;  // bytes after at_ that are the file's
  bool file_ended_ = false, has_file_ = false;
  std::size_t bytes_before_file_ = 0, field_bytes_ = 0;
  std::string field_name_, file_name_;
  std::vector<FormField> fields_;
};

}  // namespace clary::wire
