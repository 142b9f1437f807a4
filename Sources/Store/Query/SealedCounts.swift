internal import Index
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// A cache of the number of matches in each closed segment, for recent filters.
///
/// Only for collections of events: no record in such a segment is ever superseded, so a count is valid as long as the
/// segment exists. Counts are keyed by ``SegmentID``, so after closing, merging or dropping segments only new ones have
/// to be counted. Memory: 24 bytes for each filter and segment, and the filters.
final class SealedCounts: Sendable {
    /// The counts of one filter.
    struct Entry {
        fileprivate let segments: [SegmentID]
        /// The number of matches before each segment, then the total.
        let sums: [Int]
        fileprivate var lastUse: UInt64 = 0

        fileprivate init(_ counts: [Int], of segments: [SegmentID]) {
            var sums = [0]
            sums.reserveCapacity(counts.count + 1)
            for count in counts { sums.append(sums[sums.count - 1] + count) }
            self.segments = segments
            self.sums = sums
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
        var clock: UInt64 = 0
    }

    /// The maximum number of cached filters, enough for a dashboard.
    static let filterCountMax = 256
    /// The maximum number of values of a filter; larger ones are not cached.
    private static let formCountMax = 64

    private let state = NIOLockedValueBox(State())

    var filterCount: Int { state.withLockedValue { $0.entries.count } }

    /// Returns the cached counts of a filter.
    func entry(_ filter: Filter) -> Entry? {
        state.withLockedValue { state in
            guard let place = state.entries.index(forKey: filter) else { return nil }
            state.clock += 1
            state.entries.values[place].lastUse = state.clock
            return state.entries.values[place]
        }
    }

    /// Caches the counts of a filter, and evicts the least recently used one.
    func keep(_ counts: [Int], of filter: Filter, in segments: ArraySlice<IndexedSegment>) {
        guard filter.conditions.reduce(0, { $0 + $1.forms.count }) <= Self.formCountMax else { return }
        var entry = Entry(counts, of: segments.map(\.index.segment))
        state.withLockedValue { state in
            state.clock += 1
            entry.lastUse = state.clock
            state.entries[filter] = entry
            guard state.entries.count > Self.filterCountMax else { return }
            let oldest = state.entries.min { $0.value.lastUse < $1.value.lastUse }
            if let oldest { state.entries[oldest.key] = nil }
        }
    }
}
