"""Counts numbers in S3 and says on which hosts: hosts.py INPUT OUTPUT."""
import socket
import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
context = spark.sparkContext
hosts = context.parallelize(range(4), 4).map(lambda _: socket.gethostname()).distinct().collect()
print("master", context.master, "driver", socket.gethostname(), "executors", sorted(hosts))
numbers = spark.read.csv(sys.argv[1], schema="value INT")
total = numbers.groupBy().sum("value")
total.coalesce(1).write.mode("overwrite").csv(sys.argv[2])
spark.stop()
