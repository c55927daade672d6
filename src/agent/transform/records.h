// Splitting an input object into records, in pieces as they come.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/job_spec.h"

namespace clary::agent {

// The object's data cannot be taken apart, or a record is too large; what() is for the user.
class BadRecord : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// kLine: lines without their ends; empty ones are no records. kRecordIo, kTfRecord: whole frames,
// with their headers, as models read them. kNone: the whole object.
class RecordSplitter {
 public:
  using Take = std::function<void(std::string record)>;
  // `largest`: bytes that a record may have.
  RecordSplitter(TransformSpec::Split split, std::size_t largest, Take take)
      : split_(split), largest_(largest), take_(std::move(take)) {}
  // Throws BadRecord, and what `take` throws.
  void write(std::string_view bytes);
  void finish();

 private:
  void write_lines(std::string_view bytes);
  void write_frames(std::string_view bytes);
  // Size of the frame at the front of `rest`; 0 when its header is not whole.
  std::size_t frame_size(std::string_view rest, bool& more_follow) const;
  void check(std::uint64_t size) const;

  const TransformSpec::Split split_;
  const std::size_t largest_;
  const Take take_;
  std::string buffer_;
  std::size_t parts_ = 0;  // bytes of buffer_ that are parts of a RecordIO record not yet whole
};

}  // namespace clary::agent
