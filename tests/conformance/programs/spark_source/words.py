"""Counts words: words.py INPUT OUTPUT [PARTS], with a helper that comes with --py-files."""
import sys

from helper import clean
from pyspark.sql import SparkSession

spark = SparkSession.builder.appName("words").getOrCreate()
print("shuffle partitions:", spark.conf.get("spark.sql.shuffle.partitions"))
counts = (spark.sparkContext.textFile(sys.argv[1]).flatMap(str.split).map(clean)
          .map(lambda word: (word, 1)).reduceByKey(lambda one, other: one + other))
frame = spark.createDataFrame(counts, ["word", "number"])
frame.coalesce(1).write.mode("overwrite").parquet(sys.argv[2])
back = {row.word: row.number for row in spark.read.parquet(sys.argv[2]).collect()}
print("counted", dict(sorted(back.items())))
spark.stop()
