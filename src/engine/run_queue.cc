#include "engine/run_queue.h"

#include <algorithm>
#include <ext/pb_ds/assoc_container.hpp>
#include <functional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace clary::engine {
namespace {

// Numbers in order that also know their rank.
using Numbers =
    __gnu_pbds::tree<std::uint64_t, __gnu_pbds::null_type, std::less<>, __gnu_pbds::rb_tree_tag,
                     __gnu_pbds::tree_order_statistics_node_update>;

// A user's turn among the equally urgent.
struct Turn {
  double usage = 0;
  std::uint64_t head = 0;  // its run that has waited longest
  std::string user;
  friend bool operator<(const Turn& a, const Turn& b) {
    return std::tie(a.usage, a.head) < std::tie(b.usage, b.head);  // a head is one user's
  }
};

struct Level {
  std::unordered_map<std::string, Numbers> by_user;  // none empty
  std::set<Turn> turns;                              // one for each of them
  std::size_t size = 0;
};

struct User {
  Share has;
  double usage = 0;                      // its dominant share
  std::map<Urgency, std::size_t> waits;  // how many, by level
};

}  // namespace

Urgency urgency_of(const Claim& claim) {
  return {claim.priority, !claim.spot};
}

struct RunQueue::Impl {
  explicit Impl(const Share& total_in) : total(total_in) {}

  const Share total;
  std::uint64_t last_number = 0;
  std::unordered_map<std::uint64_t, Claim> claims;  // of all that wait
  std::map<Urgency, Level, std::greater<>> levels;  // none empty
  std::unordered_map<std::string, User> users;      // those that wait or have something

  void put_turn(Level& level, const User& user, const std::string& name) {
    const Numbers& numbers = level.by_user.at(name);
    level.turns.insert({user.usage, *numbers.begin(), name});
  }
  void drop_turn(Level& level, const User& user, const std::string& name) {
    level.turns.erase({user.usage, *level.by_user.at(name).begin(), {}});
  }

  // Changes what the user has; its turns move.
  void change(const std::string& name, const std::function<void(Share&)>& edit) {
    User& user = users[name];
    for (const auto& [urgency, count] : user.waits) drop_turn(levels.at(urgency), user, name);
    edit(user.has);
    user.usage = dominant(user.has);
    for (const auto& [urgency, count] : user.waits) put_turn(levels.at(urgency), user, name);
    forget_if_idle(name);
  }

  double dominant(const Share& share) const {
    double most = 0;
    if (total.cpus > 0) most = share.cpus / total.cpus;
    if (total.memory_bytes > 0) {
      most = std::max(
          most, static_cast<double>(share.memory_bytes) / static_cast<double>(total.memory_bytes));
    }
    if (total.gpus > 0) {
      most = std::max(most, static_cast<double>(share.gpus) / static_cast<double>(total.gpus));
    }
    return most;
  }

  void forget_if_idle(const std::string& name) {
    const auto found = users.find(name);
    const Share& has = found->second.has;
    const bool nothing = has.runs == 0;
    if (found->second.waits.empty() && nothing) users.erase(found);
  }
};

RunQueue::RunQueue(const Share& total) : impl_(std::make_unique<Impl>(total)) {}

RunQueue::~RunQueue() = default;

std::uint64_t RunQueue::add(const Claim& claim) {
  const std::uint64_t number = ++impl_->last_number;
  impl_->claims.emplace(number, claim);
  const Urgency urgency = urgency_of(claim);
  Level& level = impl_->levels[urgency];
  User& user = impl_->users[claim.user];
  Numbers& numbers = level.by_user[claim.user];
  numbers.insert(number);
  ++level.size;
  if (++user.waits[urgency] == 1) impl_->put_turn(level, user, claim.user);
  return number;
}

void RunQueue::remove(std::uint64_t number) {
  const auto found = impl_->claims.find(number);
  if (found == impl_->claims.end()) return;
  const Claim claim = std::move(found->second);
  impl_->claims.erase(found);
  const Urgency urgency = urgency_of(claim);
  Level& level = impl_->levels.at(urgency);
  User& user = impl_->users.at(claim.user);
  impl_->drop_turn(level, user, claim.user);
  level.by_user.at(claim.user).erase(number);
  --level.size;
  if (--user.waits.at(urgency) == 0) {
    user.waits.erase(urgency);
    level.by_user.erase(claim.user);
    if (level.size == 0) impl_->levels.erase(urgency);
    impl_->forget_if_idle(claim.user);
  } else {
    impl_->put_turn(level, user, claim.user);
  }
}

std::optional<std::uint64_t> RunQueue::next() const {
  if (impl_->levels.empty()) return std::nullopt;
  return impl_->levels.begin()->second.turns.begin()->head;
}

std::size_t RunQueue::size() const {
  return impl_->claims.size();
}

void RunQueue::give(const std::string& user, const Share& share) {
  impl_->change(user, [&](Share& has) { has += share; });
}

void RunQueue::take_back(const std::string& user, const Share& share) {
  impl_->change(user, [&](Share& has) { has -= share; });
}

RunQueue::Ahead RunQueue::ahead_of(std::uint64_t number) const {
  Ahead ahead;
  const auto found = impl_->claims.find(number);
  if (found == impl_->claims.end()) return ahead;
  const Claim& claim = found->second;
  const Urgency urgency = urgency_of(claim);
  for (const auto& [higher, level] : impl_->levels) {
    if (higher == urgency) break;
    ahead.urgent += level.size;
  }
  const Level& level = impl_->levels.at(urgency);
  const Numbers& own = level.by_user.at(claim.user);
  ahead.own = own.order_of_key(number);
  ahead.others = level.size - own.size();
  return ahead;
}

std::string to_words(const RunQueue::Ahead& ahead) {
  std::string words;
  const auto add = [&](std::size_t count, const std::string& text) {
    if (count == 0) return;
    words += (words.empty() ? "" : "; ") + text;
  };
  add(ahead.urgent, std::to_string(ahead.urgent) + " more urgent ahead in the queue");
  add(ahead.own, std::to_string(ahead.own) + " of the same user ahead in the queue");
  add(ahead.others, "takes turns with " + std::to_string(ahead.others) + " of other users");
  return words;
}

}  // namespace clary::engine
