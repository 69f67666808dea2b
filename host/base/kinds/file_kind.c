#include "file_kind.h"

#include <stdbool.h>
#include <string.h>

#define SAVE_TABLE  ".to_csv(\"data.csv\", index=False)"
#define SAVE_ARRAYS "numpy.savez(\"data.npz\", x=x, y=y)"
#define SAVE_STATE  "safetensors.torch.save_file(model.state_dict(), \"model.safetensors\")"
#define PYTHON      "in Python, "

/* A kind, and the bytes that its files begin with. */
typedef struct beginning {
  const char *bytes;
  size_t count, first;
  quern__file_kind kind;
} beginning;

#define BEGINS(text, name, data, model)                                                            \
  {                                                                                                \
    text, sizeof text - 1, 0, {                                                                    \
      name, data, model                                                                            \
    }                                                                                              \
  }

static const beginning beginnings[] = {
    BEGINS("PAR1", "a Parquet file", PYTHON "pandas.read_parquet(file)" SAVE_TABLE, NULL),
    BEGINS("ARROW1", "an Arrow file", PYTHON "pandas.read_feather(file)" SAVE_TABLE, NULL),
    BEGINS("\x89HDF\r\n\x1a\n", "an HDF5 file",
           PYTHON "read x and y by h5py.File(file), then " SAVE_ARRAYS, NULL),
    BEGINS("\x80\x02", "a pickle", PYTHON "x, y = pickle.load(open(file, \"rb\")), " SAVE_ARRAYS,
           PYTHON SAVE_STATE),
    BEGINS("\x80\x03", "a pickle", PYTHON "x, y = pickle.load(open(file, \"rb\")), " SAVE_ARRAYS,
           PYTHON SAVE_STATE),
    BEGINS("\x80\x04", "a pickle", PYTHON "x, y = pickle.load(open(file, \"rb\")), " SAVE_ARRAYS,
           PYTHON SAVE_STATE),
    BEGINS("\x80\x05", "a pickle", PYTHON "x, y = pickle.load(open(file, \"rb\")), " SAVE_ARRAYS,
           PYTHON SAVE_STATE),
    BEGINS("PK\x03\x04", "a ZIP archive, as .pt, .keras and .xlsx files are",
           PYTHON "pandas.read_excel(file)" SAVE_TABLE " for a sheet", NULL),
    BEGINS("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file",
           PYTHON "pandas.read_excel(file)" SAVE_TABLE, NULL),
    BEGINS("MATLAB ", "a MAT file",
           PYTHON "read x and y by scipy.io.loadmat(file), then " SAVE_ARRAYS, NULL),
    BEGINS("SQLite format 3", "an SQLite database",
           PYTHON "pandas.read_sql(query, sqlite3.connect(file))" SAVE_TABLE, NULL),
    BEGINS("\x89PNG\r\n\x1a\n", "a PNG image",
           PYTHON "x = numpy.stack([PIL.Image.open(f) for f in files]), " SAVE_ARRAYS, NULL),
    BEGINS("\xff\xd8\xff", "a JPEG image",
           PYTHON "x = numpy.stack([PIL.Image.open(f) for f in files]), " SAVE_ARRAYS, NULL),
    BEGINS("\xfd"
           "7zXZ",
           "compressed by xz", "xz -d file", "xz -d file"),
    BEGINS("\x28\xb5\x2f\xfd", "compressed by zstd", "zstd -d file", "zstd -d file"),
    BEGINS("%PDF-", "a PDF file", "export its tables as CSV", NULL),
    BEGINS("<!DOCTYPE", "a web page", "load the file itself", "load the file itself"),
    BEGINS("<html", "a web page", "load the file itself", "load the file itself"),
    BEGINS("version https://git-lfs", "a pointer of Git LFS", "git lfs pull", "git lfs pull"),
    BEGINS("@relation", "an ARFF file",
           PYTHON "pandas.DataFrame(scipy.io.arff.loadarff(file)[0])" SAVE_TABLE, NULL),
    BEGINS("@RELATION", "an ARFF file",
           PYTHON "pandas.DataFrame(scipy.io.arff.loadarff(file)[0])" SAVE_TABLE, NULL),
    BEGINS("{\"", "a JSON file", PYTHON "pandas.read_json(file)" SAVE_TABLE, NULL),
    BEGINS("[{", "a JSON file", PYTHON "pandas.read_json(file)" SAVE_TABLE, NULL),
    {"1AY&SY", 6, 4, {"compressed by bzip2", "bunzip2 file", "bunzip2 file"}},
};

const quern__file_kind *quern__file_kind_of(const unsigned char *bytes, size_t count) {
  for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
    const beginning *known = &beginnings[i];
    const bool fits = count >= known->first + known->count;
    if (fits && memcmp(bytes + known->first, known->bytes, known->count) == 0) return &known->kind;
  }
  return NULL;
}
