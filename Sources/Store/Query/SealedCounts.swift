internal import Index
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// A cache of the number of matches in each closed segment, for recent filters.
///
/// Only for collections of events: no record in such a segment is ever superseded, so a count is valid as long as the
/// segment exists. Counts are keyed by ``SegmentID``, so after closing, merging or dropping segments only new ones have
/// to be counted. Filters are chosen by clients, so the cache is limited in bytes: 24 for each filter and segment, and
/// the filters.
final class SealedCounts: Sendable {
    /// The counts of one filter.
    struct Entry: Sendable {
        fileprivate let segments: [SegmentID]
        /// The number of matches before each segment, then the total.
        let sums: [Int]
        fileprivate let byteCount: Int
        fileprivate var lastUse: UInt64 = 0

        fileprivate init(_ sums: [Int], of segments: [SegmentID], filterByteCount: Int) {
            self.segments = segments
            self.sums = sums
            byteCount = filterByteCount + segments.count * (MemoryLayout<SegmentID>.stride + MemoryLayout<Int>.stride)
        }

        /// Returns the number of matches in a segment; nil if it is not cached.
        func count(in segment: SegmentID) -> Int? {
            var low = 0
            var high = segments.count
            while low < high {
                let middle = (low + high) / 2
                if segments[middle] < segment { low = middle + 1 } else { high = middle }
            }
            guard low < segments.count, segments[low] == segment else { return nil }
            return sums[low + 1] - sums[low]
        }

        /// Whether the entry is for exactly these segments.
        ///
        /// Comparing the first and the last one is sufficient. New segments come last, and the first ones are dropped;
        /// if both ends are equal, segments can only have been merged, and then there are fewer of them.
        func isComplete(for segments: ArraySlice<IndexedSegment>) -> Bool {
            self.segments.count == segments.count && self.segments.first == segments.first?.index.segment
                && self.segments.last == segments.last?.index.segment
        }
    }

    private struct State {
        var entries: [Filter: Entry] = [:]
        var byteCount = 0
        var clock: UInt64 = 0
    }

    /// The maximum size, enough for a dashboard; the collections of events together stay below a megabyte.
    static let byteCountMax = 128 << 10
    /// The maximum size of a filter; larger ones are not cached.
    static let filterByteCountMax = 4 << 10

    private let state = NIOLockedValueBox(State())

    var filterCount: Int { state.withLockedValue { $0.entries.count } }
    var byteCount: Int { state.withLockedValue { $0.byteCount } }

    /// Returns the cached counts of a filter.
    func entry(_ filter: Filter) -> Entry? {
        state.withLockedValue { state in
            guard let place = state.entries.index(forKey: filter) else { return nil }
            state.clock += 1
            state.entries.values[place].lastUse = state.clock
            return state.entries.values[place]
        }
    }

    /// Caches the sums of the counts of a filter, and evicts the least recently used ones.
    func keep(_ sums: [Int], of filter: Filter, in segments: ArraySlice<IndexedSegment>) {
        let filterByteCount = filter.byteCount
        guard filterByteCount <= Self.filterByteCountMax else { return }
        var entry = Entry(sums, of: segments.map(\.index.segment), filterByteCount: filterByteCount)
        state.withLockedValue { state in
            state.clock += 1
            entry.lastUse = state.clock
            state.byteCount += entry.byteCount
            if let replaced = state.entries.updateValue(entry, forKey: filter) { state.byteCount -= replaced.byteCount }
            while state.byteCount > Self.byteCountMax,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.entries[oldest.key] = nil
                state.byteCount -= oldest.value.byteCount
            }
        }
    }
}
