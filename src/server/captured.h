// One captured invocation, and the text that is kept of it: JSON Lines as "Capture data from
// real-time endpoint" of the SageMaker developer guide shows them.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "engine/capture_plan.h"

namespace clary::server {

struct CapturedInvocation {
  Timestamp time{};
  std::string event_id;      // the request's id
  std::string inference_id;  // "" when the caller gave none; so are the next three
  std::string custom_attributes;
  std::string input_type, output_type;  // Content-Type, as it came
  std::string input, output;

  // What it weighs in memory, about.
  std::size_t bytes() const {
    return sizeof *this + inference_id.size() + custom_attributes.size() + input_type.size() +
           output_type.size() + input.size() + output.size();
  }
};

// "CSV", "JSON" or "BASE64". Data of a text type that is no UTF-8 is base64 too: a line could not
// hold it otherwise.
std::string_view capture_encoding(const engine::CapturePlan& plan, std::string_view content_type,
                                  std::string_view data);

// With the line's end.
std::string capture_line(const engine::CapturePlan& plan, const CapturedInvocation& invocation);

// The object's key: PREFIX/ENDPOINT/VARIANT/yyyy/mm/dd/hh/mm-ss-mmm-UUID.jsonl, of the time of the
// first invocation in it.
std::string capture_key(const engine::CapturePlan& plan, Timestamp first, std::string_view uuid);

}  // namespace clary::server
