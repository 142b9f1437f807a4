internal import Disk
internal import Index
internal import SegmentLog

/// The index of one segment, with the set of its live rows; a value, so a copy is a snapshot.
struct IndexedSegment: Sendable {
    var index: any SegmentIndex
    private(set) var rowCount = 0
    private(set) var liveCount = 0
    /// Nil if all rows are live, as for events, which are never replaced.
    private(set) var live: RowSet?

    /// Creates a segment without rows.
    init(index: any SegmentIndex, isAppendOnly: Bool) {
        self.index = index
        live = isAppendOnly ? nil : RowSet(rowCount: 0)
    }

    /// A sealed segment of events.
    init(events index: MappedIndex) {
        self.index = index
        rowCount = index.rowCount
        liveCount = index.rowCount
    }

    func isLive(_ row: Int) -> Bool {
        live?.contains(row) ?? (row < rowCount)
    }

    /// Returns the last row of an id.
    ///
    /// - Precondition: The collection is not one of events, so the index contains whole ids.
    func lastRow(of id: Text) throws(StorageError) -> Int? {
        try index.lastRow(of: id) { _ in preconditionFailure("the ids of replaceable documents are stored whole") }
    }

    mutating func append(isLive: Bool) {
        rowCount += 1
        live?.append(isIn: isLive)
        if isLive { liveCount += 1 }
    }

    mutating func markDeleted(_ row: Int) {
        guard let isIn = live?.contains(row), isIn else { return }
        live?.remove(row)
        liveCount -= 1
    }
}

extension IndexedSegment {
    /// Marks every row whose record is before a loss as deleted.
    mutating func markDeleted(before loss: Loss) throws(StorageError) {
        for row in 0..<rowCount where isLive(row) {
            if try loss.isAfter(index.pointer(of: row)) { markDeleted(row) }
        }
    }

    /// Returns sealed segments, oldest first, with their live rows, considering only these segments.
    ///
    /// A document is live if no newer segment has its id and it is the last one of its segment. The ids of every index
    /// are sorted, so one merge over all of them finds the live rows; they need not be stored on disk.
    static func all(_ indexes: [MappedIndex], isAppendOnly: Bool) throws(StorageError) -> [IndexedSegment] {
        guard !isAppendOnly else { return indexes.map(IndexedSegment.init(events:)) }
        var segments = indexes.map { IndexedSegment(replaceable: $0) }
        var heads: [Head] = []
        for (position, index) in indexes.enumerated() {
            if let head = try Head(index, segment: position) { heads.append(head) }
        }
        // Newest first among equal ids: only that one is live.
        heads.sort { $0.precedes($1) }
        var last: [UInt8]?
        while var head = heads.first {
            if last != head.id {
                if try !indexes[head.segment].isTombstone(head.row) { segments[head.segment].markLive(head.row) }
                last = head.id
            }
            heads.removeFirst()
            guard try head.advance(in: indexes[head.segment]) else { continue }
            let place = heads.firstIndex { head.precedes($0) } ?? heads.endIndex
            heads.insert(head, at: place)
        }
        return segments
    }

    private init(replaceable index: MappedIndex) {
        self.index = index
        rowCount = index.rowCount
        live = RowSet(rowCount: index.rowCount)
    }

    private mutating func markLive(_ row: Int) {
        live?.insert(row)
        liveCount += 1
    }
}

/// The position of a merge over sorted ids in one segment.
private struct Head {
    let segment: Int
    private(set) var id: [UInt8] = []
    private(set) var row = 0
    private var position = 0

    init?(_ index: MappedIndex, segment: Int) throws(StorageError) {
        self.segment = segment
        guard try read(index) else { return nil }
    }

    mutating func advance(in index: MappedIndex) throws(StorageError) -> Bool {
        position += 1
        return try read(index)
    }

    private mutating func read(_ index: MappedIndex) throws(StorageError) -> Bool {
        guard position < index.idCount else { return false }
        (id, row) = try index.id(at: position)
        return true
    }

    func precedes(_ other: Head) -> Bool {
        if id == other.id { return segment > other.segment }
        return id.lexicographicallyPrecedes(other.id)
    }
}
