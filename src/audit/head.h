// Which lines the log must have: its first and its last one, sealed with the server's key. It is
// what tells a log whose end (or all of it) was cut off or written anew from a whole one.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "audit/record.h"
#include "keys/sealer.h"

namespace clary::audit {

// How the server's key seals a text; both empty where there is none (then the head only tells
// accidents, not intent).
struct Seal {
  std::function<std::string(std::string_view text)> seal;
  std::function<std::optional<std::string>(std::string_view sealed)> open;
};

// `sealer` outlives it.
Seal seal_with(keys::Sealer& sealer);

struct Head {
  ChainPoint before;  // what the first line that is kept follows; moves with retention
  ChainPoint last;
};

enum class HeadState { kAbsent, kGood, kUnsealed, kDamaged };
struct ReadHead {
  HeadState state = HeadState::kAbsent;
  Head head;  // of kGood and kUnsealed
};

// FOLDER/head.json, whole or not at all. Throws StorageError.
void write_head(const std::filesystem::path& folder, const Head& head, const Seal& seal);
// kUnsealed: it carries no seal, or there is no key at hand to open it with.
ReadHead read_head(const std::filesystem::path& folder, const Seal& seal);

}  // namespace clary::audit
