def clean(word):
    return word.strip(".,").lower()
