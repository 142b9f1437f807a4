internal import CMalloc

/// The arenas of glibc's allocator, from which threads take memory.
enum AllocatorArenas {
    /// Two suffice for threads that share two cores, and their caches serve most allocations on more.
    private static let countMax: Int32 = 2

    /// Limits the number of arenas; by default there are eight for each core.
    ///
    /// A portion of a response is allocated by one thread and freed by another. Each arena then keeps free memory that
    /// the others cannot use: eight slow readers of a list of a million events took 98 MiB with 16 arenas, and
    /// 22 MiB with two, at the same speed.
    static func limit() {
        mallopt(M_ARENA_MAX, countMax)
    }
}
