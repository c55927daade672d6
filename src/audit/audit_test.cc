#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "audit/event_text.h"
#include "audit/log_files.h"
#include "audit/trail.h"
#include "audit/verify.h"
#include "base/json.h"
#include "store/test_folder.h"

namespace clary::audit {
namespace {

using namespace std::chrono_literals;

const Timestamp kStart{std::chrono::sys_days{std::chrono::year(2026) / 11 / 22} + 10h};

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}
std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}
std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// Not a cipher: enough to tell who has the key.
Seal test_seal(const std::string& key = "k") {
  return {.seal =
              [key](std::string_view text) {
                return sha256_hex(key + std::string(text)) + std::string(text);
              },
          .open = [key](std::string_view sealed) -> std::optional<std::string> {
            if (sealed.size() < kHashDigits) return std::nullopt;
            std::string text(sealed.substr(kHashDigits));
            if (sha256_hex(key + text) != sealed.substr(0, kHashDigits)) return std::nullopt;
            return text;
          }};
}

class AuditTest : public testing::Test {
 protected:
  Event event(const std::string& name, Category category = Category::kManagement) {
    Event made;
    made.time = clock.now();
    made.identity = std::make_shared<Identity>(
        Identity{.json = R"({"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ann",)"
                         R"("accessKeyId":"AKIA1","userName":"ann"})",
                 .account = "111122223333",
                 .user_name = "ann",
                 .access_key_id = "AKIA1"});
    made.source = "sagemaker.amazonaws.com";
    made.name = name;
    made.region = "us-east-1";
    made.request_id = "r-" + name;
    made.parameters = R"({"ModelName":"m"})";
    made.resources = {
        {"arn:aws:sagemaker:us-east-1:111122223333:model/m", "AWS::SageMaker::Model"}};
    made.status = 200;
    made.category = category;
    return made;
  }

  TrailOptions options() const {
    TrailOptions made;
    made.folder = folder.path();
    made.seal = test_seal();
    return made;
  }
  // A log of `count` requests, closed.
  void write_log(int count, TrailOptions with) {
    EventIndex index(folder.path());
    Trail trail(std::move(with), clock, index);
    for (int i = 0; i < count; ++i) {
      trail.add(event("CreateModel"));
      clock.advance(1s);
    }
    trail.flush();
  }
  Verification check(const VerifyOptions& with = {}) {
    return verify(folder.path(), test_seal(), with);
  }
  std::filesystem::path file(std::uint32_t number = 1) const {
    return log_file_path(folder.path(), number);
  }

  store::TestFolder folder;
  ManualClock clock{kStart};
};

TEST_F(AuditTest, WholeLogIsFoundWhole) {
  write_log(20, options());
  const Verification result = check();
  EXPECT_FALSE(result.fault) << result.fault->what;
  EXPECT_EQ(result.requests, 20U);
  EXPECT_EQ(result.last.seq, 20U);
  EXPECT_TRUE(result.notes.empty());
  for (const std::string& line : lines_of(file())) {
    const json::value record = json::parse(line);
    EXPECT_EQ(record.at("eventName").as_string(), "CreateModel");
    EXPECT_EQ(record.at("requestParameters").at("ModelName").as_string(), "m");
  }
}

TEST_F(AuditTest, ChainGoesOnAfterARestart) {
  write_log(3, options());
  write_log(3, options());
  const Verification result = check();
  EXPECT_FALSE(result.fault);
  EXPECT_EQ(result.last.seq, 6U);
}

TEST_F(AuditTest, EachWayOfTamperingIsFoundAtItsLine) {
  write_log(10, options());
  const std::vector<std::string> good = lines_of(file());
  const auto tampered = [&](auto change) {
    std::vector<std::string> lines = good;
    change(lines);
    write(file(), joined(lines));
    const Verification result = check();
    return result.fault.value_or(Fault{"none", 0, ""});
  };
  EXPECT_EQ(tampered([](auto&) {}).file, "none");
  // Changed: another name in line 5.
  EXPECT_EQ(tampered([](auto& lines) {
              lines[4].replace(lines[4].find("CreateModel"), 11, "DeleteModel");
            }).line,
            5U);
  // Changed, with its own hash made good: the next line does not follow it.
  EXPECT_EQ(tampered([](auto& lines) {
              const auto record = read_record(lines[4]);
              ChainPoint before{.seq = record->seq - 1, .hash = record->prev};
              std::string fresh;
              append_record(fresh, before, record->at, "\"eventName\":\"Nothing\"");
              fresh.pop_back();
              lines[4] = fresh;
            }).line,
            6U);
  // Removed, moved, doubled.
  EXPECT_EQ(tampered([](auto& lines) { lines.erase(lines.begin() + 4); }).line, 5U);
  EXPECT_EQ(tampered([](auto& lines) { std::swap(lines[4], lines[5]); }).line, 5U);
  EXPECT_EQ(tampered([](auto& lines) { lines.insert(lines.begin() + 4, lines[4]); }).line, 6U);
  EXPECT_EQ(tampered([](auto& lines) { lines.erase(lines.begin()); }).line, 1U);
  // The end cut off: only the head knows.
  EXPECT_NE(tampered([](auto& lines) { lines.resize(7); }).what.find("ends at record 7"),
            std::string::npos);
  EXPECT_NE(tampered([](auto& lines) { lines.clear(); }).what.find("ends at record 0"),
            std::string::npos);
}

TEST_F(AuditTest, LogWrittenAnewIsNotTheSealedOne) {
  write_log(5, options());
  ChainPoint chain;
  std::string text;
  for (int i = 0; i < 5; ++i) append_record(text, chain, kStart, "\"eventName\":\"Nothing\"");
  write(file(), text);
  ASSERT_TRUE(check().fault);
  EXPECT_NE(check().fault->what.find("written anew"), std::string::npos);
  // A head of one's own does not help without the key.
  write_head(folder.path(), {.before = {}, .last = chain}, test_seal("other"));
  ASSERT_TRUE(check().fault);
  EXPECT_NE(check().fault->what.find("head.json"), std::string::npos);
  std::filesystem::remove(folder / "head.json");
  EXPECT_TRUE(check().fault);
}

TEST_F(AuditTest, PointWrittenDownElsewhereMustBeThere) {
  write_log(5, options());
  const ChainPoint last = check().last;
  write_log(5, options());
  EXPECT_FALSE(check({.live = false, .expected = last}).fault);
  EXPECT_TRUE(check({.live = false, .expected = ChainPoint{5, first_hash()}}).fault);
  EXPECT_TRUE(check({.live = false, .expected = ChainPoint{50, last.hash}}).fault);
}

TEST_F(AuditTest, LineCutOffByAKillIsMarkedAndTheChainGoesOn) {
  write_log(4, options());
  // A kill in the middle of a write that the head does not know yet.
  ChainPoint chain = check().last;
  std::string next;
  append_record(next, chain, kStart, "\"eventName\":\"CutOff\"");
  write(file(), read(file()) + next.substr(0, next.size() / 2));
  const Verification cut = check();
  EXPECT_FALSE(cut.fault) << cut.fault->what;
  EXPECT_EQ(cut.notes.size(), 1U);

  write_log(2, options());
  const Verification result = check();
  EXPECT_FALSE(result.fault) << result.fault->what;
  EXPECT_EQ(result.requests, 6U);
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_NE(result.notes[0].find("torn"), std::string::npos);

  // A mark does not excuse more than it says.
  std::string text = read(file());
  const std::size_t garbage = text.find("{\"seq\":5");
  ASSERT_NE(garbage, std::string::npos);
  text.insert(garbage + 3, "much more than was there");
  write(file(), text);
  EXPECT_TRUE(check().fault);
}

TEST_F(AuditTest, ServerThatFindsLessThanItWroteSaysSo) {
  write_log(6, options());
  std::vector<std::string> lines = lines_of(file());
  lines.resize(3);
  write(file(), joined(lines));
  write_log(1, options());
  const Verification result = check();
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_NE(result.notes[0].find("broken"), std::string::npos);
}

TEST_F(AuditTest, FilesRotateAndOldOnesGo) {
  TrailOptions small = options();
  small.rotate_bytes = 2000;
  small.retention_days = 3;
  EventIndex index(folder.path());
  {
    Trail trail(small, clock, index);
    for (int day = 0; day < 6; ++day) {
      for (int i = 0; i < 4; ++i) {
        trail.add(event("CreateModel"));
        trail.flush();
      }
      clock.advance(24h);
    }
  }
  const auto files = log_files(folder.path());
  EXPECT_GT(files.size(), 3U);
  EXPECT_GT(files.front().number, 1U);
  const Verification result = check();
  EXPECT_FALSE(result.fault) << result.fault->file << result.fault->line << result.fault->what;
  EXPECT_GT(result.before.seq, 0U);
  // One more than retention removed is noticed.
  std::filesystem::remove(files.front().path);
  EXPECT_TRUE(check().fault);
}

TEST_F(AuditTest, DataEventsBeyondTheQueueAreCounted) {
  TrailOptions tiny = options();
  tiny.queue_bytes = 1;
  EventIndex index(folder.path());
  {
    Trail trail(tiny, clock, index);
    trail.add(event("CreateModel"));  // management events are never left out
    for (int i = 0; i < 100; ++i) trail.add(event("GetObject", Category::kData));
    trail.flush();
    EXPECT_TRUE(trail.has_room());
    EXPECT_GT(trail.counts().lost, 0U);
  }
  const Verification result = check();
  EXPECT_FALSE(result.fault);
  ASSERT_FALSE(result.notes.empty());
  EXPECT_NE(result.notes[0].find("gap"), std::string::npos);
}

TEST_F(AuditTest, AFloodOfDataEventsFillsNoDisk) {
  TrailOptions bounded = options();
  bounded.data_bytes = 20'000;
  EventIndex index(folder.path());
  for (int run = 0; run < 2; ++run) {  // also after a restart
    Trail trail(bounded, clock, index);
    for (int i = 0; i < 100; ++i) {
      trail.add(event("GetObject", Category::kData));
      trail.flush();
    }
    trail.add(event("CreateModel"));  // still written
    trail.flush();
    EXPECT_GT(trail.counts().lost, run == 0 ? 10U : 99U);
    EXPECT_GT(trail.counts().written, 0U);
  }
  std::uintmax_t size = 0;
  for (const LogFile& file : log_files(folder.path())) {
    size += std::filesystem::file_size(file.path);
  }
  EXPECT_LT(size, 80'000U);
  EXPECT_FALSE(check().fault);
}

TEST_F(AuditTest, TextsOfClientsStayInTheirStrings) {
  Event odd = event("CreateModel");
  odd.user_agent = "a\"},\n\\ \x01 \xff\xfe \xed\xa0\x80 \xc3\xa9";
  odd.error_code = "AccessDenied";
  odd.error_message = std::string(5000, 'x');
  std::string text = "{";
  append_event(text, odd, "id");
  text += '}';
  const json::value parsed = json::parse(text);
  EXPECT_EQ(
      parsed.at("userAgent").as_string(),
      "a\"},\n\\ \x01 \xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xc3\xa9");
  EXPECT_LE(parsed.at("errorMessage").as_string().size(), 1024U);
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

class EventIndexTest : public AuditTest {
 protected:
  Lookup lookup(Attribute attribute = Attribute::kNone, std::string value = {}) {
    return {.account = "111122223333",
            .region = "us-east-1",
            .attribute = attribute,
            .value = std::move(value),
            .from = kStart,
            .until = kStart + 24h,
            .after = std::nullopt,
            .limit = 50};
  }
};

TEST_F(EventIndexTest, FindsByAttributeTimeAndPage) {
  EventIndex index(folder.path());
  {
    Trail trail(options(), clock, index);
    for (int i = 0; i < 10; ++i) {
      trail.add(event(i % 2 == 0 ? "CreateModel" : "DeleteModel"));
      trail.add(event("GetObject", Category::kData));
      clock.advance(1min);
    }
  }
  EXPECT_EQ(index.lookup(lookup()).size(), 10U);
  EXPECT_EQ(index.lookup(lookup(Attribute::kEventName, "CreateModel")).size(), 5U);
  EXPECT_EQ(index.lookup(lookup(Attribute::kUsername, "ann")).size(), 10U);
  EXPECT_EQ(index.lookup(lookup(Attribute::kResourceName, "m")).size(), 10U);
  EXPECT_EQ(index.lookup(lookup(Attribute::kAccessKeyId, "AKIA2")).size(), 0U);
  Lookup other = lookup();
  other.account = "999999999999";
  EXPECT_EQ(index.lookup(other).size(), 0U);

  Lookup some = lookup();
  some.from = kStart + 2min;
  some.until = kStart + 4min;
  const auto found = index.lookup(some);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found.front().at, kStart + 4min);  // newest first
  some.limit = 2;
  const auto page = index.lookup(some);
  ASSERT_EQ(page.size(), 2U);
  some.after = Lookup::After{.at = page.back().at, .seq = page.back().seq};
  ASSERT_EQ(index.lookup(some).size(), 1U);
  EXPECT_EQ(index.lookup(some).front().at, kStart + 2min);
}

TEST_F(EventIndexTest, IsMadeAnewFromTheLog) {
  write_log(5, options());
  for (const char* name : {"events.db", "events.db-wal", "events.db-shm"}) {
    std::filesystem::remove(folder / name);
  }
  EventIndex index(folder.path());
  Trail(options(), clock, index).flush();
  EXPECT_EQ(index.lookup(lookup(Attribute::kEventName, "CreateModel")).size(), 5U);
  EXPECT_EQ(index.last_seq(), 5U);
}

TEST_F(EventIndexTest, ChangedLineIsNotShown) {
  write_log(3, options());
  std::string text = read(file());
  text.replace(text.find("ModelName"), 9, "ModelNaem");
  write(file(), text);
  EventIndex index(folder.path());
  int shown = 0;
  for (const Found& found : index.lookup(lookup())) shown += found.line.empty() ? 0 : 1;
  EXPECT_EQ(shown, 2);
}

TEST(ResourceName, IsTheLastPartOfAnArn) {
  EXPECT_EQ(resource_name("arn:aws:sagemaker:us-east-1:1:model/m"), "m");
  EXPECT_EQ(resource_name("arn:aws:s3:::bucket/a/b"), "bucket/a/b");
  EXPECT_EQ(resource_name("arn:aws:iam::1:role/path/R"), "path/R");
  EXPECT_EQ(resource_name("arn:aws:logs:us-east-1:1:log-group:/aws/x"), "/aws/x");
  EXPECT_EQ(resource_name("plain"), "plain");
}

}  // namespace
}  // namespace clary::audit
