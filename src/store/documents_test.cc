#include "store/documents.h"

#include <gtest/gtest.h>

#include <thread>

#include "store/test_folder.h"

namespace clary::store {
namespace {

using namespace std::chrono_literals;
using Sort = DocumentQuery::Sort;

class DocumentsTest : public testing::Test {
 protected:
  TestFolder folder_;
  ManualClock clock_{Timestamp(1'700'000'000'000ms)};
  Database database_{folder_ / "a.db", {Documents::migrations()}};
  Documents documents_{database_, clock_};

  static DocumentKey key(std::string name) { return {"job", "1", "r", std::move(name)}; }

  Document make(const std::string& name, const std::string& status = "InProgress",
                const std::map<std::string, std::string>& tags = {}) {
    Document document;
    document.key = key(name);
    document.arn = "arn:aws:sagemaker:r:1:job/" + name;
    document.status = status;
    document.body = {{"Name", name}, {"Size", static_cast<std::int64_t>(name.size())}};
    EXPECT_TRUE(documents_.create(document, tags));
    clock_.advance(1s);
    return document;
  }

  DocumentQuery query() const {
    DocumentQuery query;
    query.kind = "job";
    query.account = "1";
    query.region = "r";
    return query;
  }

  std::vector<std::string> names(DocumentQuery query) {
    std::vector<std::string> names;
    do {
      const auto page = documents_.list(query);
      EXPECT_LE(page.documents.size(), query.limit);
      for (const auto& document : page.documents) names.push_back(document.key.name);
      query.after = page.next;
    } while (!query.after.empty());
    return names;
  }
};

TEST_F(DocumentsTest, CreatesAndFinds) {
  const auto made = make("a");
  EXPECT_EQ(made.version, 1U);
  const auto found = documents_.find(key("a"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->body, made.body);
  EXPECT_EQ(found->created, made.created);
  EXPECT_EQ(documents_.find_by_arn(made.arn)->key, made.key);
  EXPECT_FALSE(documents_.find(key("b")));
  EXPECT_FALSE(documents_.find_by_arn(""));
}

TEST_F(DocumentsTest, NamesAndArnsAreUnique) {
  make("a", "InProgress", {{"k", "v"}});
  Document again;
  again.key = key("a");
  again.arn = "arn:other";
  EXPECT_FALSE(documents_.create(again, {{"k", "w"}}));
  Document same_arn;
  same_arn.key = key("b");
  same_arn.arn = "arn:aws:sagemaker:r:1:job/a";
  EXPECT_FALSE(documents_.create(same_arn));
  EXPECT_EQ(documents_.tags("arn:other").size(), 0U);
  EXPECT_EQ(documents_.tags(same_arn.arn).at("k"), "v");
}

TEST_F(DocumentsTest, UpdateIsSeenAtOnceAndCountsVersions) {
  make("a");
  EXPECT_EQ(documents_.find_shared(key("a"))->status, "InProgress");
  const auto stored = documents_.update(key("a"), [](Document& document) {
    document.status = "Completed";
    document.body["Done"] = true;
    return true;
  });
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->version, 2U);
  EXPECT_EQ(documents_.find_shared(key("a"))->status, "Completed");
  EXPECT_EQ(documents_.find(key("a"))->modified, clock_.now());
}

TEST_F(DocumentsTest, InternalChangesDoNotMoveTheModificationTime) {
  const auto made = make("a");
  documents_.update(key("a"), [](Document& document) {
    document.internal["pid"] = 7;
    return true;
  });
  EXPECT_EQ(documents_.find(key("a"))->modified, made.modified);
  EXPECT_EQ(documents_.find(key("a"))->internal.at("pid"), 7);
}

TEST_F(DocumentsTest, AnUpdateThatSaysNoOrThrowsChangesNothing) {
  make("a");
  const auto kept = documents_.update(key("a"), [](Document& document) {
    document.status = "Nope";
    return false;
  });
  EXPECT_EQ(kept->status, "InProgress");
  EXPECT_THROW(documents_.update(key("a"), [](Document&) -> bool { throw std::out_of_range("x"); }),
               std::out_of_range);
  EXPECT_EQ(documents_.find(key("a"))->version, 1U);
  EXPECT_FALSE(documents_.update(key("b"), [](Document&) { return true; }));
}

TEST_F(DocumentsTest, RemoveTakesTheTagsAlong) {
  const auto made = make("a", "InProgress", {{"k", "v"}});
  documents_.find(key("a"));
  EXPECT_TRUE(documents_.remove(key("a")));
  EXPECT_FALSE(documents_.remove(key("a")));
  EXPECT_FALSE(documents_.find(key("a")));
  EXPECT_TRUE(documents_.tags(made.arn).empty());
}

TEST_F(DocumentsTest, TagsMerge) {
  documents_.set_tags("arn:x", {{"a", "1"}, {"b", "2"}});
  documents_.set_tags("arn:x", {{"b", "3"}, {"c", "4"}});
  documents_.remove_tags("arn:x", {"a", "nothing"});
  EXPECT_EQ(documents_.tags("arn:x"), (std::map<std::string, std::string>{{"b", "3"}, {"c", "4"}}));
}

// Every sort, both directions, with and without a status, page sizes that do and do not divide.
TEST_F(DocumentsTest, EveryOrderPagesThroughAllExactlyOnce) {
  const std::vector<std::string> statuses{"A", "B", "C"};
  struct Row {
    std::string name, status;
    int created;
  };
  std::vector<Row> rows;
  for (int i = 0; i < 23; ++i) {
    const std::string name = "n" + std::to_string((i * 7) % 23);
    Document document;
    document.key = key(name);
    document.status = statuses[static_cast<std::size_t>(i % 3)];
    ASSERT_TRUE(documents_.create(document));
    rows.push_back({name, document.status, i / 4});
    if (i % 4 == 3) clock_.advance(1s);  // four share a time: the name decides
  }
  for (const auto sort : {Sort::kCreated, Sort::kModified, Sort::kName, Sort::kStatus}) {
    for (const bool descending : {false, true}) {
      for (const std::vector<std::string>& wanted :
           {std::vector<std::string>{}, {"B"}, {"A", "C"}, {"A", "A", "Z"}}) {
        auto expected = rows;
        std::erase_if(expected, [&](const Row& row) {
          return !wanted.empty() && std::ranges::find(wanted, row.status) == wanted.end();
        });
        std::ranges::sort(expected, [&](const Row& a, const Row& b) {
          const auto value = [&](const Row& row) {
            return sort == Sort::kName     ? std::make_tuple(0, std::string(), row.name)
                   : sort == Sort::kStatus ? std::make_tuple(0, row.status, row.name)
                                           : std::make_tuple(row.created, std::string(), row.name);
          };
          return descending ? value(a) > value(b) : value(a) < value(b);
        });
        std::vector<std::string> expected_names;
        for (const auto& row : expected) expected_names.push_back(row.name);
        for (const std::size_t limit : {1U, 5U, 23U, 100U}) {
          auto list = query();
          list.sort = sort;
          list.descending = descending;
          list.statuses = wanted;
          list.limit = limit;
          EXPECT_EQ(names(list), expected_names)
              << static_cast<int>(sort) << descending << limit << wanted.size();
        }
      }
    }
  }
}

TEST_F(DocumentsTest, FiltersByNameTimeParentAndBody) {
  make("Alpha");
  const auto middle = clock_.now();
  make("beta_1");
  make("BETAX1");
  auto by_name = query();
  by_name.name_contains = "beta_";
  EXPECT_EQ(names(by_name), (std::vector<std::string>{"beta_1"}));
  by_name.name_contains = "ALPH";
  EXPECT_EQ(names(by_name), (std::vector<std::string>{"Alpha"}));
  auto by_time = query();
  by_time.created_after = middle;
  EXPECT_EQ(names(by_time), (std::vector<std::string>{"BETAX1"}));
  by_time.created_after.reset();
  by_time.created_before = middle;
  EXPECT_EQ(names(by_time), (std::vector<std::string>{"Alpha"}));
  auto by_body = query();
  by_body.body_equals = {{"Name", "beta_1"}};
  EXPECT_EQ(names(by_body), (std::vector<std::string>{"beta_1"}));
  for (const auto* name : {"x", "y", "z"}) {
    Document child;
    child.key = key(name);
    child.parent = name[0] == 'z' ? "other" : "group";
    ASSERT_TRUE(documents_.create(child));
  }
  auto by_parent = query();
  by_parent.parent = "group";
  by_parent.sort = Sort::kName;
  by_parent.limit = 1;
  EXPECT_EQ(names(by_parent), (std::vector<std::string>{"y", "x"}));
}

TEST_F(DocumentsTest, APageTokenIsGoodForItsOwnListOnly) {
  for (const auto* name : {"a", "b", "c"}) make(name);
  auto list = query();
  list.limit = 1;
  const auto token = documents_.list(list).next;
  ASSERT_FALSE(token.empty());
  auto other = list;
  other.after = token;
  other.sort = Sort::kName;
  EXPECT_THROW(documents_.list(other), BadPageToken);
  auto larger = list;  // another page size is fine
  larger.after = token;
  larger.limit = 10;
  EXPECT_EQ(documents_.list(larger).documents.size(), 2U);
  for (const std::string bad : {"x", "////", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    auto forged = list;
    forged.after = bad;
    EXPECT_THROW(documents_.list(forged), BadPageToken) << bad;
  }
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto forged = list;
    forged.after = token;
    forged.after[i] = forged.after[i] == 'A' ? 'B' : 'A';
    EXPECT_THROW(documents_.list(forged), BadPageToken) << i;
  }
}

TEST_F(DocumentsTest, TokensSurviveARestart) {
  for (const auto* name : {"a", "b"}) make(name);
  auto list = query();
  list.limit = 1;
  list.after = documents_.list(list).next;
  Documents again(database_, clock_);
  EXPECT_EQ(again.list(list).documents.front().key.name, "a");
}

TEST_F(DocumentsTest, CountsAndFindsByStatusAcrossAccounts) {
  make("a");
  make("b", "Completed");
  Document elsewhere;
  elsewhere.key = {"job", "2", "q", "c"};
  elsewhere.status = "InProgress";
  ASSERT_TRUE(documents_.create(elsewhere));
  EXPECT_EQ(documents_.with_status("job", {"InProgress", "Stopping"}).size(), 2U);
  EXPECT_EQ(documents_.count("job", "1", "r", {}), 2U);
  EXPECT_EQ(documents_.count("job", "1", "r", {"Completed", "Failed"}), 1U);
}

TEST_F(DocumentsTest, AListSharesWhatIsCached) {
  make("a");
  make("b");
  const auto found = documents_.find_shared(key("a"));
  auto page = documents_.list_shared(query());
  ASSERT_EQ(page.documents.size(), 2U);
  EXPECT_EQ(page.documents[1], found);
  EXPECT_EQ(documents_.find_shared(key("b")), page.documents[0]);
  documents_.remove(key("a"));
  make("a", "Failed");
  page = documents_.list_shared(query());
  EXPECT_EQ(page.documents[0]->status, "Failed");
}

// Readers that fill the cache race with a writer; the last word is the writer's.
TEST_F(DocumentsTest, TheCacheNeverKeepsAnOldVersion) {
  make("a");
  std::atomic<bool> stop = false;
  std::vector<std::jthread> readers;
  std::atomic<std::uint64_t> acknowledged = 1;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto floor = acknowledged.load();
        EXPECT_GE(documents_.find_shared(key("a"))->version, floor);
      }
    });
  }
  readers.emplace_back([&] {
    while (!stop) {
      const auto floor = acknowledged.load();
      EXPECT_GE(documents_.list_shared(query()).documents.at(0)->version, floor);
    }
  });
  for (int i = 0; i < 300; ++i) {
    const auto stored = documents_.update(key("a"), [](Document& document) {
      document.internal["n"] = 1;
      return true;
    });
    acknowledged = stored->version;
  }
  stop = true;
}

}  // namespace
}  // namespace clary::store
