#include "store/database.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <latch>
#include <thread>

#include "store/test_folder.h"

namespace clary::store {
namespace {

constexpr Migration kNumbers[] = {
    {"numbers", 1, "CREATE TABLE numbers(n INTEGER PRIMARY KEY, text TEXT)"}};
constexpr Migration kNumbers2[] = {
    {"numbers", 1, "CREATE TABLE numbers(n INTEGER PRIMARY KEY, text TEXT)"},
    {"numbers", 2, "ALTER TABLE numbers ADD COLUMN note TEXT NOT NULL DEFAULT 'none'"}};
constexpr Migration kOthers[] = {{"others", 1, "CREATE TABLE others(n INTEGER)"}};
constexpr char kInsert[] = "INSERT INTO numbers(n,text) VALUES(?1,?2)";
constexpr char kCount[] = "SELECT count(*) FROM numbers";

std::int64_t count(Database& database) {
  std::int64_t rows = 0;
  database.read([&](Connection& connection) {
    auto& query = connection.statement(kCount);
    query.step();
    rows = query.integer(0);
  });
  return rows;
}

void insert(Database& database, int n, std::string_view text = "x") {
  database.write([&](Connection& connection) {
    connection.statement(kInsert).bind(1, n).bind(2, text).run();
  });
}

TEST(DatabaseTest, ReadsWhatWasWritten) {
  TestFolder folder;
  Database database(folder / "a.db", {kNumbers});
  insert(database, 7, "seven");
  insert(database, 8, "");
  database.read([](Connection& connection) {
    auto& query = connection.statement("SELECT text FROM numbers WHERE n=?1");
    ASSERT_TRUE(query.bind(1, 7).step());
    EXPECT_EQ(query.text(0), "seven");
    query.reset();
    ASSERT_TRUE(query.bind(1, 8).step());
    EXPECT_FALSE(query.is_null(0));  // an empty text is no NULL
  });
}

TEST(DatabaseTest, AFailedChangeUndoesItselfOnly) {
  TestFolder folder;
  Database database(folder / "a.db", {kNumbers});
  std::latch ready(9);
  std::vector<std::jthread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      ready.arrive_and_wait();
      for (int j = 0; j < 50; ++j) {
        try {
          database.write([&](Connection& connection) {
            connection.statement(kInsert).bind(1, i * 50 + j).bind(2, "x").run();
            if (j % 2 == 1) throw std::invalid_argument("odd");
          });
        } catch (const std::invalid_argument&) {
          ++failed;
        }
      }
    });
  }
  ready.arrive_and_wait();
  threads.clear();
  EXPECT_EQ(failed, 200);
  EXPECT_EQ(count(database), 200);
}

TEST(DatabaseTest, AnSqlErrorIsThrownAndLeavesNothing) {
  TestFolder folder;
  Database database(folder / "a.db", {kNumbers});
  insert(database, 1);
  EXPECT_THROW(insert(database, 1), StorageError);
  insert(database, 2);
  EXPECT_EQ(count(database), 2);
}

TEST(DatabaseTest, LaterWritesKeepTheirOrderAndReport) {
  TestFolder folder;
  std::vector<int> order;
  int errors = 0;
  {
    Database database(folder / "a.db", {kNumbers});
    for (int i = 0; i < 100; ++i) {
      database.write_later(
          [i](Connection& connection) {
            if (i == 50) throw std::runtime_error("no");
            connection.statement(kInsert).bind(1, i).bind(2, "x").run();
          },
          [&order, &errors, i](std::exception_ptr error) {
            order.push_back(i);
            if (error) ++errors;
          });
    }
  }  // what was accepted is committed
  EXPECT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(errors, 1);
  Database database(folder / "a.db", {kNumbers});
  EXPECT_EQ(count(database), 99);
}

TEST(DatabaseTest, ModulesShareAFileAndMigrateOnTheirOwn) {
  TestFolder folder;
  {
    Database database(folder / "a.db", {kNumbers});
    insert(database, 1);
  }
  Database database(folder / "a.db", {kNumbers2, kOthers});
  database.read([](Connection& connection) {
    auto& query = connection.statement("SELECT note,(SELECT count(*) FROM others) FROM numbers");
    ASSERT_TRUE(query.step());
    EXPECT_EQ(query.text(0), "none");
  });
}

TEST(DatabaseTest, RefusesANewerSchema) {
  TestFolder folder;
  {
    Database database(folder / "a.db", {kNumbers2});
  }
  EXPECT_THROW(Database(folder / "a.db", {kNumbers}), StorageError);
}

TEST(DatabaseTest, AReadSeesOneSnapshot) {
  TestFolder folder;
  Database database(folder / "a.db", {kNumbers});
  insert(database, 1);
  database.read([&](Connection& connection) {
    auto& query = connection.statement(kCount);
    query.step();
    EXPECT_EQ(query.integer(0), 1);
    std::jthread([&] { insert(database, 2); }).join();
    auto& again = connection.statement(kCount);
    again.step();
    EXPECT_EQ(again.integer(0), 1);
  });
  EXPECT_EQ(count(database), 2);
}

TEST(DatabaseTest, AnOpenReaderDoesNotStopTheLogFromBeingCheckpointed) {
  TestFolder folder;
  Database database(folder / "a.db", {kNumbers});
  const std::string big(64 * 1024, 'x');
  for (int i = 0; i < 600; ++i) insert(database, i, big);  // 37 MiB, several checkpoints
  EXPECT_EQ(count(database), 600);
  EXPECT_LT(std::filesystem::file_size(folder / "a.db-wal"), 200U << 20);
}

// A child acknowledges every committed number through a pipe and is killed in the middle.
TEST(DatabaseTest, EveryAcknowledgedWriteSurvivesKill) {
  TestFolder folder;
  const auto file = folder / "a.db";
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Database database(file, {kNumbers});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = t;; i += 4) {
          insert(database, i);
          if (write(ends[1], &i, sizeof i) != sizeof i) _exit(1);
        }
      });
    }
    threads.front().join();
  }
  close(ends[1]);
  std::vector<int> acknowledged(1000);
  for (int& n : acknowledged) ASSERT_EQ(read(ends[0], &n, sizeof n), ssize_t(sizeof n));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  int n = 0;
  while (read(ends[0], &n, sizeof n) == ssize_t(sizeof n)) acknowledged.push_back(n);
  close(ends[0]);
  Database database(file, {kNumbers});
  database.read([&](Connection& connection) {
    auto& query = connection.statement("SELECT 1 FROM numbers WHERE n=?1");
    for (const int number : acknowledged) {
      EXPECT_TRUE(query.bind(1, number).step()) << number;
      query.reset();
    }
  });
}

// A file size limit stands for a full disk: write() fails in the same place, with EFBIG.
TEST(DatabaseTest, AFullDiskIsToldApartAndHarmless) {
  TestFolder folder;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    Database database(folder / "a.db", {kNumbers});
    insert(database, 1);
    const rlimit limit{1 << 20, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
    const std::string big(2 << 20, 'x');
    bool full = false;
    try {
      insert(database, 2, big);
    } catch (const StorageError& error) {
      full = error.full();
    }
    if (!full) _exit(1);
    insert(database, 3);
    _exit(count(database) == 2 ? 0 : 2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  Database database(folder / "a.db", {kNumbers});
  EXPECT_EQ(count(database), 2);
}

}  // namespace
}  // namespace clary::store
