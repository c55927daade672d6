def is_whole(row):
    return all(row.split(","))
