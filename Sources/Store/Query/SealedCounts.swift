internal import Index
internal import NIOConcurrencyHelpers
internal import SegmentLog

/// How many documents of each segment that takes no more records pass a filter, for the filters asked last.
///
/// Only for collections of events: nothing in such a segment is ever superseded, so a count holds for as long as the
/// segment is there. Counts are told apart by ``SegmentID``, so after closing, merging or dropping segments only those
/// that are new have to be counted. Memory: 24 bytes for each filter and segment, and the filters.
final class SealedCounts: Sendable {
    /// The counts of one filter.
    struct Entry {
        fileprivate let segments: [SegmentID]
        /// How many pass in the segments before each one, and at the end how many in all of them.
        let sums: [Int]
        fileprivate var lastUse: UInt64 = 0

        fileprivate init(_ counts: [Int], of segments: [SegmentID]) {
            var sums = [0]
            sums.reserveCapacity(counts.count + 1)
            for count in counts { sums.append(sums[sums.count - 1] + count) }
            self.segments = segments
            self.sums = sums
        }

        /// How many pass in a segment; nil for one that is not among them.
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
        /// Comparing the ends is enough. New segments come last, and the first ones are dropped, so with the same ends
        /// segments can only have been merged, and then there are fewer of them.
        func isComplete(for segments: ArraySlice<IndexedSegment>) -> Bool {
            self.segments.count == segments.count && self.segments.first == segments.first?.index.segment
                && self.segments.last == segments.last?.index.segment
        }
    }

    private struct State {
        var entries: [Filter: Entry] = [:]
        var clock: UInt64 = 0
    }

    /// Filters a dashboard may hold open.
    static let filterCountMax = 256
    /// A filter may name thousands of values; one that long is not kept.
    private static let formCountMax = 64

    private let state = NIOLockedValueBox(State())

    var filterCount: Int { state.withLockedValue { $0.entries.count } }

    /// The counts of a filter, as they were when it was asked last.
    func entry(_ filter: Filter) -> Entry? {
        state.withLockedValue { state in
            guard let place = state.entries.index(forKey: filter) else { return nil }
            state.clock += 1
            state.entries.values[place].lastUse = state.clock
            return state.entries.values[place]
        }
    }

    /// Keeps the counts of a filter, in the place of the one not asked for the longest.
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
