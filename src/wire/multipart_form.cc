#include "wire/multipart_form.h"

#include <algorithm>

#include "base/text.h"

namespace clary::wire {
namespace {

constexpr std::size_t kMaxBoundary = 70;
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kBlankLine = "\r\n\r\n";

// The parameter's value in `text`, which follows the first ';' of a header: a token, or a quoted
// string in which only \" is an escape (browsers send the backslashes of Windows paths as they
// are).
std::optional<std::string> parameter(std::string_view text, std::string_view wanted) {
  while (!text.empty()) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto name = trim(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    while (text.starts_with(' ')) text.remove_prefix(1);
    std::string value;
    if (text.starts_with('"')) {
      std::size_t at = 1;
      while (at < text.size() && text[at] != '"') {
        if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '"') ++at;
        value += text[at++];
      }
      if (at == text.size()) return std::nullopt;
      text.remove_prefix(at + 1);
      const auto next = text.find(';');
      text.remove_prefix(next == std::string_view::npos ? text.size() : next + 1);
    } else {
      const auto next = std::min(text.find(';'), text.size());
      value = trim(text.substr(0, next));
      text.remove_prefix(std::min(next + 1, text.size()));
    }
    if (equals_ignore_case(name, wanted)) return value;
  }
  return std::nullopt;
}

std::string_view after_semicolon(std::string_view value) {
  const auto at = value.find(';');
  return at == std::string_view::npos ? std::string_view() : value.substr(at + 1);
}

}  // namespace

std::optional<std::string> form_boundary(std::string_view content_type) {
  const auto type =
      trim(content_type.substr(0, std::min(content_type.find(';'), content_type.size())));
  if (!equals_ignore_case(type, "multipart/form-data")) return std::nullopt;
  auto boundary = parameter(after_semicolon(content_type), "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kMaxBoundary) return std::nullopt;
  const auto printable = [](char c) { return c >= ' ' && c < 0x7f; };
  if (!std::ranges::all_of(*boundary, printable) || boundary->back() == ' ') return std::nullopt;
  return boundary;
}

MultipartForm::MultipartForm(std::string_view boundary)
    : delimiter_("\r\n--" + std::string(boundary)) {}

bool MultipartForm::fail(State state) {
  state_ = state;
  buffer_.clear();
  at_ = scanned_ = certain_ = 0;
  return false;
}

MultipartForm::State MultipartForm::push(std::string_view bytes) {
  if (state_ != State::kFields && state_ != State::kFile) return state_;
  if (file_ended_) return state_;  // what follows the file is not looked at
  if (at_ > 0) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  buffer_ += bytes;
  while (advance()) {
  }
  if (state_ == State::kFields &&
      (bytes_before_file_ + rest().size() > kMaxBytesBeforeFile ||
       (step_ == Step::kValue && field_bytes_ + scanned_ > kMaxFieldBytes))) {
    fail(State::kTooLarge);
  }
  return state_;
}

MultipartForm::State MultipartForm::finish() {
  if (state_ == State::kFields || (state_ == State::kFile && !file_ended_)) {
    fail(State::kMalformed);
  }
  return state_;
}

std::string_view MultipartForm::file() const {
  return rest().substr(0, certain_);
}

void MultipartForm::consume(std::size_t count) {
  at_ += count;
  certain_ -= count;
  scanned_ -= std::min(scanned_, count);
  if (file_ended_ && certain_ == 0) state_ = State::kEnd;
}

bool MultipartForm::advance() {
  switch (step_) {
    case Step::kStart:
      return take_start();
    case Step::kAfterDelimiter:
      return after_delimiter();
    case Step::kHead:
      return take_head();
    case Step::kValue:
      return take_value();
    case Step::kFile:
      return take_file();
  }
  return false;
}

// The first delimiter stands at the very beginning; a line end before it is let pass.
bool MultipartForm::take_start() {
  const std::string_view dashes = std::string_view(delimiter_).substr(kLineEnd.size());
  const std::string_view wanted = rest().starts_with('\r') ? std::string_view(delimiter_) : dashes;
  if (rest().size() < wanted.size()) {
    return wanted.starts_with(rest()) ? false : fail(State::kMalformed);
  }
  if (!rest().starts_with(wanted)) return fail(State::kMalformed);
  at_ += wanted.size();
  bytes_before_file_ += wanted.size();
  step_ = Step::kAfterDelimiter;
  return true;
}

bool MultipartForm::after_delimiter() {
  if (rest().size() < kLineEnd.size()) return false;
  if (rest().starts_with("--")) {
    state_ = State::kEnd;
    return false;
  }
  if (!rest().starts_with(kLineEnd)) return fail(State::kMalformed);
  // The line end stays: it may be half of the blank line that ends an empty head.
  step_ = Step::kHead;
  scanned_ = 0;
  return true;
}

bool MultipartForm::take_head() {
  const auto end = rest().find(kBlankLine, scanned_);
  if (end == std::string_view::npos) {
    scanned_ = rest().size() - std::min(rest().size(), kBlankLine.size() - 1);
    return false;
  }
  const auto whole = end + kBlankLine.size();
  if (!read_disposition(rest().substr(0, end))) return fail(State::kMalformed);
  at_ += whole;
  bytes_before_file_ += whole;
  scanned_ = 0;
  if (equals_ignore_case(field_name_, "file")) {
    has_file_ = true;
    state_ = State::kFile;
    step_ = Step::kFile;
    return true;
  }
  if (fields_.size() == kMaxFields) return fail(State::kTooLarge);
  step_ = Step::kValue;
  return true;
}

bool MultipartForm::read_disposition(std::string_view head) {
  while (!head.empty()) {
    const auto end = std::min(head.find(kLineEnd), head.size());
    const auto line = head.substr(0, end);
    head.remove_prefix(std::min(end + kLineEnd.size(), head.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos ||
        !equals_ignore_case(trim(line.substr(0, colon)), "Content-Disposition")) {
      continue;
    }
    const auto parameters = after_semicolon(line.substr(colon + 1));
    auto name = parameter(parameters, "name");
    if (!name || name->empty()) return false;
    field_name_ = std::move(*name);
    file_name_ = parameter(parameters, "filename").value_or("");
    const auto folder = file_name_.find_last_of("/\\");
    if (folder != std::string::npos) file_name_.erase(0, folder + 1);
    return true;
  }
  return false;
}

bool MultipartForm::take_value() {
  const auto end = rest().find(delimiter_, scanned_);
  if (end == std::string_view::npos) {
    scanned_ = rest().size() - std::min(rest().size(), delimiter_.size() - 1);
    return false;
  }
  field_bytes_ += field_name_.size() + end;
  if (field_bytes_ > kMaxFieldBytes) return fail(State::kTooLarge);
  fields_.push_back({std::move(field_name_), std::string(rest().substr(0, end))});
  at_ += end + delimiter_.size();
  bytes_before_file_ += end + delimiter_.size();
  scanned_ = 0;
  step_ = Step::kAfterDelimiter;
  return true;
}

bool MultipartForm::take_file() {
  const auto end = rest().find(delimiter_, scanned_);
  if (end == std::string_view::npos) {
    scanned_ = certain_ = rest().size() - std::min(rest().size(), delimiter_.size() - 1);
    return false;
  }
  certain_ = end;
  file_ended_ = true;
  if (certain_ == 0) state_ = State::kEnd;
  return false;
}

}  // namespace clary::wire
