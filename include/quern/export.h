/* QUERN_API marks exported symbols; all others are hidden. */
#ifndef QUERN_EXPORT_H
#define QUERN_EXPORT_H

#if defined(__GNUC__)
#define QUERN_API __attribute__((visibility("default")))
#else
#define QUERN_API
#endif

#endif
