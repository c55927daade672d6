#include "agent/log_lines.h"

#include <gtest/gtest.h>

#include <vector>

#include "agent/failure_reason.h"
#include "agent/metric_scraper.h"
#include "agent/required_text.h"
#include "agent/stage_in.h"

namespace clary::agent {
namespace {

std::vector<std::string> split(const std::string& text, std::size_t piece) {
  std::vector<std::string> lines;
  LineSplitter splitter([&](std::string line) { lines.push_back(std::move(line)); });
  for (std::size_t at = 0; at < text.size(); at += piece) {
    splitter.write(std::string_view(text).substr(at, piece));
  }
  splitter.finish();
  return lines;
}

TEST(LogLines, SplitsWhateverThePieces) {
  for (const std::size_t piece : {1U, 2U, 3U, 100U}) {
    EXPECT_EQ(split("one\n\n  two \r\nthree", piece),
              (std::vector<std::string>{"one", "", "  two \r", "three"}));
  }
}

TEST(LogLines, CutsLongLinesBetweenCharacters) {
  std::string text(kLongestLine - 1, 'a');
  text += "\xc3\xa9" + std::string(10, 'b');
  for (const std::size_t piece : {1000U, 1U << 20}) {
    const std::vector<std::string> lines = split(text + "\n", piece);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].size(), kLongestLine - 1);
    EXPECT_EQ(lines[1], "\xc3\xa9" + std::string(10, 'b'));
  }
}

TEST(LogLines, MakesValidUtf8) {
  EXPECT_EQ(valid_utf8("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(valid_utf8("a\xff\xfe"
                       "b"),
            "a\xef\xbf\xbd\xef\xbf\xbd"
            "b");
  EXPECT_EQ(valid_utf8("\xc3"), "\xef\xbf\xbd");
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
  EXPECT_EQ(valid_utf8("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");                  // overlong
}

TEST(MetricScraper, ReadsTheFirstGroup) {
  MetricScraper scraper({{"validation:auc", "validation-auc:([0-9.]+)"},
                         {"loss", "loss=(\\S+)"},
                         {"tabbed", "\\[[0-9]+\\].*#011validation-auc:(\\S+)"},
                         {"no group", "auc"},
                         {"broken", "(("}});
  ASSERT_EQ(scraper.errors().size(), 1U);
  EXPECT_NE(scraper.errors()[0].find("broken"), std::string::npos);
  const auto found = scraper.scan("[3]\ttrain-auc:0.9\tvalidation-auc:0.875 loss=1e-3");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].name, "validation:auc");
  EXPECT_EQ(found[0].value, 0.875);
  EXPECT_EQ(found[1].value, 1e-3);
  EXPECT_EQ(found[2].name, "tabbed");
  EXPECT_TRUE(scraper.scan("loss=nan loss=none").empty());
}

TEST(MetricScraper, NoPatternStallsAJob) {
  MetricScraper scraper({{"evil", "(a+)+$"}});
  EXPECT_TRUE(scraper.scan(std::string(100, 'a') + "!").empty());
}

TEST(MetricScraper, KnowsWhatALineMustContain) {
  EXPECT_EQ(required_text(".*\\[[0-9]+\\].*(?:\\t|#011)train-auc:([-+]?[0-9.]+).*"), "train-auc:");
  EXPECT_EQ(required_text("loss: (\\S+) at \\d+"), "loss: ");
  EXPECT_EQ(required_text("\\[x\\]=(.*);"), "[x]=");
  EXPECT_EQ(required_text("auc"), "auc");
  // What a quantifier makes optional is not required, nor what stands in a group.
  EXPECT_EQ(required_text("colou?r=(.*)"), "colo");
  EXPECT_EQ(required_text("ab{0,2}c([0-9]+)"), "a");
  EXPECT_EQ(required_text("ab+c"), "ab");
  EXPECT_EQ(required_text("(accuracy)?=([0-9]+)"), "=");
  EXPECT_EQ(required_text("(a\\)|[)]b)x"), "x");
  EXPECT_EQ(required_text("[]abc]de"), "de");
  EXPECT_EQ(required_text("\xc3\xbc?x"), "x");
  for (const char* none :
       {"", "a|b", "(?i)loss=(.*)", "(?x) lo ss", "\\Qa|b\\E", "\\x41", "[[:alpha:]]x", "(*UTF)x",
        "(?#a comment)x", "x(?i)y", "x(?!y)", ".*", "x\\"}) {
    EXPECT_EQ(required_text(none), "") << none;
  }
}

TEST(FailureReason, KeepsPrefixesAndLimits) {
  EndedWorkload ended;
  ended.exit.code = 1;
  ended.failure = "ClientError: label is missing";
  EXPECT_EQ(reason_of(ended), "ClientError: label is missing, exit code: 1");
  ended.failure = "boom";
  EXPECT_EQ(reason_of(ended), "AlgorithmError: boom, exit code: 1");
  ended.failure.clear();
  ended.last_error = "Traceback";
  ended.exit = {.code = 0, .signal = 11};
  EXPECT_EQ(reason_of(ended), "AlgorithmError: Traceback, exit code: 139");
  ended.failure = std::string(2000, 'x');
  EXPECT_EQ(reason_of(ended).size(), kLongestReason);
  ended.out_of_memory = true;
  ended.memory_limit = 1ULL << 30;
  EXPECT_NE(reason_of(ended).find("out of memory"), std::string::npos);
}

TEST(StageIn, PutsObjectsBelowTheirPrefix) {
  EXPECT_EQ(path_below("p/train/", "p/train/a/b.csv"), "a/b.csv");
  EXPECT_EQ(path_below("p/train", "p/train/a.csv"), "a.csv");
  EXPECT_EQ(path_below("p/train.csv", "p/train.csv"), "train.csv");
  EXPECT_EQ(path_below("p/tr", "p/train/a.csv"), "train/a.csv");
  EXPECT_EQ(path_below("", "a.csv"), "a.csv");
  EXPECT_EQ(path_below("p/", "p//a//b.csv"), "a/b.csv");
  EXPECT_EQ(path_below("p/", "p/folder/"), "");
  EXPECT_THROW(path_below("p/", "p/../../etc/passwd"), InputError);
}

}  // namespace
}  // namespace clary::agent
