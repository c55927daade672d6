// s3load puts, gets or lists objects on an S3 server with many workers for some seconds and prints
// one JSON line: operations and bytes per second, latency quantiles in milliseconds.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand"
	"os"
	"sort"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

var (
	host    = flag.String("host", "", "host:port")
	mode    = flag.String("mode", "put", "put, get, fill or list")
	bucket  = flag.String("bucket", "bench", "bucket, made when it is missing")
	prefix  = flag.String("prefix", "o/", "prefix of the keys")
	size    = flag.Int("size", 1024, "bytes of an object")
	workers = flag.Int("workers", 8, "concurrent operations")
	seconds = flag.Float64("seconds", 5, "how long")
	count   = flag.Int("count", 1000, "objects there are (get, list) or to make (fill)")
)

type result struct {
	Operations int     `json:"operations"`
	PerSecond  float64 `json:"per_second"`
	MiBs       float64 `json:"mib_per_second"`
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	Errors     int     `json:"errors"`
	FirstError string  `json:"first_error,omitempty"`
}

func key(n int) string { return fmt.Sprintf("%s%07d", *prefix, n) }

// operation does the n-th operation of a worker and returns the bytes moved.
func operation(ctx context.Context, core *minio.Core, body []byte, n int) (int64, error) {
	switch *mode {
	case "put", "fill":
		options := minio.PutObjectOptions{DisableMultipart: true}
		info, err := core.Client.PutObject(ctx, *bucket, key(n), bytes.NewReader(body),
			int64(len(body)), options)
		return info.Size, err
	case "get":
		reader, _, _, err := core.GetObject(ctx, *bucket, key(rand.Intn(*count)),
			minio.GetObjectOptions{})
		if err != nil {
			return 0, err
		}
		defer reader.Close()
		return io.Copy(io.Discard, reader)
	case "list":
		seen, token := 0, ""
		for {
			page, err := core.ListObjectsV2(*bucket, *prefix, "", token, "", 1000)
			if err != nil {
				return 0, err
			}
			seen += len(page.Contents)
			if !page.IsTruncated {
				break
			}
			token = page.NextContinuationToken
		}
		if seen != *count {
			return 0, fmt.Errorf("listed %d of %d keys", seen, *count)
		}
		return 0, nil
	}
	return 0, fmt.Errorf("unknown mode %s", *mode)
}

func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func main() {
	flag.Parse()
	core, err := minio.NewCore(*host, &minio.Options{Region: "us-east-1", TrailingHeaders: false,
		Creds: credentials.NewStaticV4(os.Getenv("AWS_ACCESS_KEY_ID"),
			os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN"))})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if found, err := core.BucketExists(ctx, *bucket); err != nil {
		log.Fatal(err)
	} else if !found {
		if err := core.MakeBucket(ctx, *bucket, minio.MakeBucketOptions{}); err != nil {
			log.Fatal(err)
		}
	}
	body := make([]byte, *size)
	rand.Read(body)
	var mutex sync.Mutex
	var out result
	var moved int64
	latencies, next := []float64{}, 0
	began := time.Now()
	var group sync.WaitGroup
	for worker := 0; worker < *workers; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				mutex.Lock()
				n := next
				next++
				over := time.Since(began).Seconds() >= *seconds
				if *mode == "fill" {
					over = n >= *count
				}
				mutex.Unlock()
				if over {
					return
				}
				start := time.Now()
				size, err := operation(ctx, core, body, n)
				took := time.Since(start).Seconds() * 1000
				mutex.Lock()
				if err != nil {
					out.Errors++
					out.FirstError = err.Error()
				} else {
					latencies = append(latencies, took)
					moved += size
				}
				mutex.Unlock()
			}
		}()
	}
	group.Wait()
	elapsed := time.Since(began).Seconds()
	sort.Float64s(latencies)
	out.Operations = len(latencies)
	out.PerSecond = float64(len(latencies)) / elapsed
	out.MiBs = float64(moved) / elapsed / (1 << 20)
	out.P50, out.P99 = quantile(latencies, 0.5), quantile(latencies, 0.99)
	text, _ := json.Marshal(out)
	fmt.Println(string(text))
}
