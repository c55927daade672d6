#include "store/metric_points.h"

#include <algorithm>

#include "base/json.h"
#include "base/log.h"

namespace clary::store {
namespace {

// `level` says what a row stands for: 0 a point as it came, 1 five minutes, 2 an hour.
constexpr char kSchema1[] = R"(
CREATE TABLE metrics(
  id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, namespace TEXT NOT NULL,
  name TEXT NOT NULL, dimensions TEXT NOT NULL, last_seen INTEGER NOT NULL,
  looked_after INTEGER NOT NULL);
CREATE UNIQUE INDEX metrics_name ON metrics(account,region,namespace,name,dimensions);
CREATE INDEX metrics_looked_after ON metrics(looked_after);
CREATE TABLE metric_points(
  metric_id INTEGER NOT NULL, time INTEGER NOT NULL, id INTEGER NOT NULL, level INTEGER NOT NULL,
  sum REAL NOT NULL, minimum REAL NOT NULL, maximum REAL NOT NULL, count REAL NOT NULL,
  unit TEXT NOT NULL, PRIMARY KEY(metric_id,time,id)) WITHOUT ROWID;
CREATE TABLE metric_counter(next_id INTEGER NOT NULL);
INSERT INTO metric_counter VALUES(1);
)";
constexpr Migration kMigrations[] = {{"metric_points", 1, kSchema1}};

constexpr char kMetric[] =
    "SELECT id FROM metrics WHERE account=?1 AND region=?2 AND namespace=?3 AND name=?4 "
    "AND dimensions=?5";
constexpr char kTouchMetric[] =
    "INSERT INTO metrics(account,region,namespace,name,dimensions,last_seen,looked_after) "
    "VALUES(?1,?2,?3,?4,?5,?6,?6) ON CONFLICT(account,region,namespace,name,dimensions) "
    "DO UPDATE SET last_seen=max(last_seen,excluded.last_seen) RETURNING id";
constexpr char kNextId[] = "UPDATE metric_counter SET next_id=next_id+?1 RETURNING next_id";
constexpr char kAddPoint[] =
    "INSERT INTO metric_points(metric_id,time,id,level,sum,minimum,maximum,count,unit) "
    "VALUES(?1,?2,?3,0,?4,?5,?6,?7,?8)";
constexpr char kBuckets[] =
    "SELECT time/?4*?4,sum(sum),min(minimum),max(maximum),sum(count),unit FROM metric_points "
    "WHERE metric_id=?1 AND time>=?2 AND time<?3 GROUP BY 1,6 ORDER BY 1,6";
constexpr char kRows[] =
    "SELECT time/?4*?4,sum,minimum,maximum,count,unit FROM metric_points "
    "WHERE metric_id=?1 AND time>=?2 AND time<?3 ORDER BY 1,6";
constexpr char kValues[] =
    "SELECT minimum FROM metric_points WHERE metric_id=?1 AND level=0 AND minimum=maximum "
    "ORDER BY time,id";
constexpr char kList[] =
    "SELECT namespace,name,dimensions FROM metrics WHERE account=?1 AND region=?2 "
    "AND (?3='' OR namespace=?3) AND (?4='' OR name=?4) AND last_seen>=?5 "
    "ORDER BY namespace,name,dimensions";
constexpr char kNeglected[] =
    "SELECT id FROM metrics WHERE looked_after<?1 ORDER BY looked_after LIMIT 1";
constexpr char kLookedAfter[] = "UPDATE metrics SET looked_after=?2 WHERE id=?1";
constexpr char kSumUp[] =
    "INSERT INTO metric_points(metric_id,time,id,level,sum,minimum,maximum,count,unit) "
    "SELECT metric_id,time/?4*?4,min(id),?2+1,sum(sum),min(minimum),max(maximum),sum(count),unit "
    "FROM metric_points WHERE metric_id=?1 AND level<=?2 AND time<?3 GROUP BY time/?4,unit "
    "ON CONFLICT(metric_id,time,id) DO UPDATE SET level=excluded.level,sum=excluded.sum,"
    "minimum=excluded.minimum,maximum=excluded.maximum,count=excluded.count,unit=excluded.unit";
constexpr char kRemoveSummed[] =
    "DELETE FROM metric_points WHERE metric_id=?1 AND level<=?2 AND time<?3";
constexpr char kRemoveOld[] = "DELETE FROM metric_points WHERE metric_id=?1 AND time<?2";
constexpr char kRemoveEmpty[] =
    "DELETE FROM metrics WHERE id=?1 AND last_seen<?2 AND NOT EXISTS(SELECT 1 FROM metric_points "
    "WHERE metric_id=?1)";

using std::chrono::days;
constexpr std::int64_t kFiveMinutes = 300'000, kHour = 3'600'000;
constexpr auto kRawFor = days(15), kFiveMinutesFor = days(63), kKeptFor = days(455);
constexpr auto kListedFor = days(14);

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}

// One text for one set of dimensions: the map is sorted.
std::string dimensions_text(const std::map<std::string, std::string>& dimensions) {
  json::object object;
  for (const auto& [name, value] : dimensions) object[name] = value;
  return json::serialize(object);
}

std::map<std::string, std::string> dimensions_of(std::string_view text) {
  std::map<std::string, std::string> dimensions;
  for (const auto& [name, value] : json::parse(text).as_object()) {
    dimensions.emplace(name, value.as_string());
  }
  return dimensions;
}

Statement& bind_metric(Statement& statement, const MetricId& metric, std::string_view dimensions) {
  return statement.bind(1, metric.account)
      .bind(2, metric.region)
      .bind(3, metric.metric_namespace)
      .bind(4, metric.name)
      .bind(5, dimensions);
}

// Rows of `level` and below, older than `cutoff`, become rows of `bucket` milliseconds.
void sum_up(Connection& connection, std::int64_t metric, int level, Timestamp cutoff,
            std::int64_t bucket) {
  const std::int64_t end = milliseconds(cutoff) / bucket * bucket;
  connection.statement(kSumUp).bind(1, metric).bind(2, level).bind(3, end).bind(4, bucket).run();
  connection.statement(kRemoveSummed).bind(1, metric).bind(2, level).bind(3, end).run();
}

void look_after(Connection& connection, std::int64_t metric, Timestamp now) {
  connection.statement(kRemoveOld).bind(1, metric).bind(2, milliseconds(now - kKeptFor)).run();
  sum_up(connection, metric, 1, now - kFiveMinutesFor, kHour);
  sum_up(connection, metric, 0, now - kRawFor, kFiveMinutes);
  connection.statement(kLookedAfter).bind(1, metric).bind(2, milliseconds(now)).run();
  auto& remove = connection.statement(kRemoveEmpty).bind(1, metric);
  remove.bind(2, milliseconds(now - kListedFor)).run();
}

void append_points(Connection& connection, const MetricId& metric,
                   std::span<const MetricPoint> points, Timestamp now) {
  if (points.empty()) return;
  const std::string dimensions = dimensions_text(metric.dimensions);
  Timestamp last = points.front().time;
  for (const MetricPoint& point : points) last = std::max(last, point.time);
  std::int64_t id = 0, next = 0;
  auto& touch = bind_metric(connection.statement(kTouchMetric), metric, dimensions);
  touch.bind(6, milliseconds(std::min(last, now)));
  if (touch.step()) id = touch.integer(0);
  touch.reset();
  auto& counter = connection.statement(kNextId).bind(1, points.size());
  if (counter.step()) next = counter.integer(0) - static_cast<std::int64_t>(points.size());
  counter.reset();
  for (const MetricPoint& point : points) {
    auto& add = connection.statement(kAddPoint).bind(1, id).bind(2, milliseconds(point.time));
    add.bind(3, next++).bind(4, point.sum).bind(5, point.minimum).bind(6, point.maximum);
    add.bind(7, point.count).bind(8, point.unit).run();
  }
  auto& neglected = connection.statement(kNeglected).bind(1, milliseconds(now - days(1)));
  if (!neglected.step()) return;
  const std::int64_t other = neglected.integer(0);
  neglected.reset();
  look_after(connection, other, now);
}

MetricBucket bucket_of(const Statement& row) {
  MetricBucket bucket;
  bucket.start = Timestamp(std::chrono::milliseconds(row.integer(0)));
  bucket.sum = row.real(1);
  bucket.minimum = row.real(2);
  bucket.maximum = row.real(3);
  bucket.count = row.real(4);
  bucket.unit = row.text(5);
  return bucket;
}

void add_row(std::vector<MetricBucket>& buckets, MetricBucket row) {
  const bool sample = row.minimum == row.maximum;
  const std::pair value{row.minimum, row.count};
  if (buckets.empty() || buckets.back().start != row.start || buckets.back().unit != row.unit) {
    buckets.push_back(std::move(row));
  } else {
    MetricBucket& bucket = buckets.back();
    bucket.sum += row.sum;
    bucket.minimum = std::min(bucket.minimum, row.minimum);
    bucket.maximum = std::max(bucket.maximum, row.maximum);
    bucket.count += row.count;
  }
  if (sample) buckets.back().values.push_back(value);
}

bool matches(const std::map<std::string, std::string>& dimensions,
             const std::vector<std::pair<std::string, std::optional<std::string>>>& wanted) {
  return std::ranges::all_of(wanted, [&](const auto& want) {
    const auto found = dimensions.find(want.first);
    return found != dimensions.end() && (!want.second || found->second == *want.second);
  });
}

}  // namespace

struct MetricPoints::Impl {
  Database& database;
  const Clock& clock;
};

MetricPoints::MetricPoints(Database& database, const Clock& clock)
    : impl_(std::make_unique<Impl>(database, clock)) {}

MetricPoints::~MetricPoints() = default;

std::span<const Migration> MetricPoints::migrations() {
  return kMigrations;
}

void MetricPoints::append(const MetricId& metric, std::span<const MetricPoint> points) {
  const Timestamp now = impl_->clock.now();
  impl_->database.write(
      [&](Connection& connection) { append_points(connection, metric, points, now); });
}

void MetricPoints::append_within(Connection& connection, const MetricId& metric,
                                 std::span<const MetricPoint> points) {
  append_points(connection, metric, points, impl_->clock.now());
}

void MetricPoints::append_later(MetricId metric, std::vector<MetricPoint> points) {
  const Timestamp now = impl_->clock.now();
  const std::string name = metric.metric_namespace + " " + metric.name;
  impl_->database.write_later(
      [metric = std::move(metric), points = std::move(points), now](Connection& connection) {
        append_points(connection, metric, points, now);
      },
      [name](std::exception_ptr error) {
        if (error == nullptr) return;
        try {
          std::rethrow_exception(error);
        } catch (const std::exception& failure) {
          spdlog::error("points of metric {} are lost: {}", name, failure.what());
        }
      });
}

std::vector<MetricBucket> MetricPoints::buckets(const MetricId& metric, Timestamp from,
                                                Timestamp until, std::chrono::seconds period,
                                                KeepValues keep) {
  std::vector<MetricBucket> buckets;
  const std::string dimensions = dimensions_text(metric.dimensions);
  const Timestamp oldest = impl_->clock.now() - kKeptFor;
  impl_->database.read([&](Connection& connection) {
    auto& found = bind_metric(connection.statement(kMetric), metric, dimensions);
    if (!found.step()) return;
    const std::int64_t id = found.integer(0);
    auto& row = connection.statement(keep == KeepValues::kYes ? kRows : kBuckets).bind(1, id);
    row.bind(2, milliseconds(std::max(from, oldest))).bind(3, milliseconds(until));
    row.bind(4, std::chrono::milliseconds(period).count());
    while (row.step()) {
      if (keep == KeepValues::kYes) {
        add_row(buckets, bucket_of(row));
      } else {
        buckets.push_back(bucket_of(row));
      }
    }
  });
  return buckets;
}

std::vector<double> MetricPoints::values(const MetricId& metric) {
  std::vector<double> values;
  const std::string dimensions = dimensions_text(metric.dimensions);
  impl_->database.read([&](Connection& connection) {
    auto& found = bind_metric(connection.statement(kMetric), metric, dimensions);
    if (!found.step()) return;
    auto& row = connection.statement(kValues).bind(1, found.integer(0));
    while (row.step()) values.push_back(row.real(0));
  });
  return values;
}

std::vector<MetricId> MetricPoints::list(
    std::string_view account, std::string_view region, std::string_view metric_namespace,
    std::string_view name,
    const std::vector<std::pair<std::string, std::optional<std::string>>>& dimensions,
    std::size_t offset, std::size_t limit, Timestamp seen_since) {
  std::vector<MetricId> metrics;
  const Timestamp since = std::max<Timestamp>(seen_since, impl_->clock.now() - kListedFor);
  impl_->database.read([&](Connection& connection) {
    auto& row = connection.statement(kList).bind(1, account).bind(2, region);
    row.bind(3, metric_namespace).bind(4, name).bind(5, milliseconds(since));
    std::size_t skipped = 0;
    while (metrics.size() < limit && row.step()) {
      auto found = dimensions_of(row.text(2));
      if (!matches(found, dimensions) || skipped++ < offset) continue;
      metrics.push_back({.account = std::string(account),
                         .region = std::string(region),
                         .metric_namespace = std::string(row.text(0)),
                         .name = std::string(row.text(1)),
                         .dimensions = std::move(found)});
    }
  });
  return metrics;
}

}  // namespace clary::store
