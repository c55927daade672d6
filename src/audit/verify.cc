#include "audit/verify.h"

#include <fstream>

#include "audit/log_files.h"
#include "base/errors.h"
#include "base/json.h"

namespace clary::audit {
namespace {

std::string line_name(std::uint64_t seq) {
  return "record " + std::to_string(seq);
}

// Walks the lines in order and keeps the first thing that is wrong.
class Walk {
 public:
  Walk(const ReadHead& head, const VerifyOptions& options) : head_(head), options_(options) {}

  void begin_file(const std::string& name) {
    file_ = name;
    line_ = 0;
  }

  // False: a fault was found, stop.
  bool take(const std::string& line) {
    ++line_;
    auto record = read_record(line);
    if (!record) {
      // What a kill left; the mark behind it must say how much that was.
      if (garbage_ == 0) garbage_line_ = line_;
      garbage_ += line.size() + 1;
      return true;
    }
    if (garbage_ > 0 && !settle_garbage(*record)) return false;
    if (!follows(*record)) return false;
    last_ = {.seq = record->seq, .hash = record->hash};
    ++result.records;
    if (record->mark.empty()) {
      ++result.requests;
    } else {
      note(*record);
    }
    return passes(last_);
  }

  // `cut_off`: the file's last line has no newline.
  bool end_file(bool last_file, bool cut_off) {
    if (garbage_ == 0) return true;
    const bool being_written = last_file && cut_off && options_.live;
    if (!being_written && last_file && cut_off) {
      result.notes.push_back(file_ + " line " + std::to_string(garbage_line_) +
                             ": cut off by a kill; the next start marks it");
    }
    if (last_file && cut_off) return true;
    return fail_at(garbage_line_, "is no record, or was changed");
  }

  void finish() {
    if (result.fault) return;
    result.last = last_;
    if (head_.state == HeadState::kDamaged) {
      result.fault = Fault{"", 0, "head.json is damaged or was not sealed with this server's key"};
    } else if (head_.state == HeadState::kAbsent) {
      if (result.records > 0) result.fault = Fault{"", 0, "head.json is missing"};
    } else if (head_.head.last.seq > last_.seq) {
      result.fault = Fault{"", 0,
                           "the log ends at " + line_name(last_.seq) + ", but " +
                               line_name(head_.head.last.seq) + " was written"};
    }
    if (!result.fault && options_.expected && !expected_seen_) {
      result.fault = Fault{"", 0, line_name(options_.expected->seq) + " is not in the log"};
    }
    if (head_.state == HeadState::kUnsealed) {
      result.notes.emplace_back("head.json was not checked against the server's key");
    }
  }

  Verification result;

 private:
  bool fail(std::string what) { return fail_at(line_, std::move(what)); }
  bool fail_at(std::uint64_t line, std::string what) {
    result.fault = Fault{file_, line, std::move(what)};
    return false;
  }

  bool settle_garbage(const Record& record) {
    boost::system::error_code error;
    const json::value value = json::parse(event_document(record), error);
    std::uint64_t said = 0;
    if (!error && value.is_object() && record.mark == "torn") {
      said = static_cast<std::uint64_t>(find_int(value.get_object(), "bytes").value_or(0));
    }
    // The newline behind it is the restart's.
    if (said != garbage_ && said + 1 != garbage_) {
      return fail_at(garbage_line_, "is no record, or was changed");
    }
    garbage_ = 0;
    return true;
  }

  bool follows(const Record& record) {
    if (!begun_) {
      begun_ = true;
      last_ = {.seq = record.seq - 1, .hash = record.prev};
      result.before = last_;
      const bool known = head_.state == HeadState::kGood || head_.state == HeadState::kUnsealed;
      if (known && last_.seq > head_.head.before.seq) {
        return fail("is " + line_name(record.seq) + "; those from " +
                    line_name(head_.head.before.seq + 1) + " on were removed");
      }
      if (!known && last_.seq == 0 && last_.hash != first_hash()) {
        return fail("is not the first record");
      }
      return passes(last_);
    }
    if (record.seq != last_.seq + 1) {
      return fail("is " + line_name(record.seq) + ", not " + line_name(last_.seq + 1) +
                  ": records were removed, added or moved");
    }
    if (record.prev != last_.hash) {
      return fail("does not follow the record before it, which was changed or replaced");
    }
    return true;
  }

  // The chain must go through the points that are known from elsewhere.
  bool passes(const ChainPoint& point) {
    const bool known = head_.state == HeadState::kGood || head_.state == HeadState::kUnsealed;
    for (const ChainPoint* must : {&head_.head.before, &head_.head.last}) {
      if (known && must->seq == point.seq && must->hash != point.hash) {
        return fail("is not the " + line_name(point.seq) + " that the sealed head names: the log " +
                    "was written anew");
      }
    }
    if (options_.expected && options_.expected->seq == point.seq) {
      if (options_.expected->hash != point.hash) {
        return fail("is not the " + line_name(point.seq) + " that was expected");
      }
      expected_seen_ = true;
    }
    return true;
  }

  void note(const Record& record) {
    if (record.mark == "start") return;
    std::string text = file_ + " line " + std::to_string(line_) + ": " + record.mark;
    text += ' ';
    text += record.members.substr(std::min(record.members.size(), record.mark.size() + 10));
    result.notes.push_back(std::move(text));
  }

  const ReadHead& head_;
  const VerifyOptions& options_;
  std::string file_;
  std::uint64_t line_ = 0;
  std::uint64_t garbage_ = 0, garbage_line_ = 0;
  bool begun_ = false;
  bool expected_seen_ = false;
  ChainPoint last_;
};

}  // namespace

Verification verify(const std::filesystem::path& folder, const Seal& seal,
                    const VerifyOptions& options) {
  // The head first: a server that writes is only ever ahead of it.
  const ReadHead head = read_head(folder, seal);
  const std::vector<LogFile> files = log_files(folder);
  Walk walk(head, options);
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::ifstream in(files[i].path, std::ios::binary);
    if (!in) throw StorageError(files[i].path.string() + ": cannot be read");
    walk.begin_file(files[i].path.filename().string());
    std::string line;
    bool cut_off = false;
    while (std::getline(in, line)) {
      cut_off = in.eof();
      if (!walk.take(line)) return walk.result;
    }
    if (!walk.end_file(i + 1 == files.size(), cut_off)) return walk.result;
  }
  walk.finish();
  return walk.result;
}

}  // namespace clary::audit
