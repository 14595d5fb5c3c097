// What Swift's Glibc module leaves out: how the allocator is tuned.
#pragma once
#include <malloc.h>
