/**
 * How the C library of most Linuxes is to give memory back, for every program that runs through npm here. By itself it begins
 * to keep blocks of any size once it has seen a large one, such as a picture in a request, and what it keeps falls to pieces:
 * a gateway's resident memory would grow for hours. Other C libraries do not read these.
 * @type {Readonly<Record<string, string>>}
 */
export const allocatorSettings = {
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "131072",
  MALLOC_ARENA_MAX: "2",
};
