internal import Disk
internal import Index
internal import SegmentLog

/// The index of one segment and which of its rows are live: as a value, a picture of one moment.
struct IndexedSegment: Sendable {
    var index: any SegmentIndex
    private(set) var rowCount = 0
    private(set) var liveCount = 0
    /// Nil where every row is live, as it is of events, which are never replaced.
    private(set) var live: RowSet?

    /// A segment without rows, which are added one by one.
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

    /// The last row of an id.
    ///
    /// - Precondition: The collection is not one of events, so the index knows ids as they are.
    func lastRow(of id: Text) throws(StorageError) -> Int? {
        try index.lastRow(of: id) { _ in preconditionFailure("ids that can be replaced are kept whole") }
    }

    mutating func append(isLive: Bool) {
        rowCount += 1
        live?.append(isIn: isLive)
        if isLive { liveCount += 1 }
    }

    mutating func kill(_ row: Int) {
        guard let isIn = live?.contains(row), isIn else { return }
        live?.remove(row)
        liveCount -= 1
    }
}

extension IndexedSegment {
    /// Kills every row whose record stands before a loss.
    mutating func kill(before loss: Loss) throws(StorageError) {
        for row in 0..<rowCount where isLive(row) {
            if try loss.isBehind(index.pointer(of: row)) { kill(row) }
        }
    }

    /// Sealed segments, oldest first, each with the rows that are live as far as these segments tell.
    ///
    /// A document is live where no newer segment has its id and it is the last of its segment. The ids of every index
    /// are sorted, so one merge over all of them tells; nothing of it needs to be kept on disk.
    static func all(_ indexes: [MappedIndex], isAppendOnly: Bool) throws(StorageError) -> [IndexedSegment] {
        guard !isAppendOnly else { return indexes.map(IndexedSegment.init(events:)) }
        var segments = indexes.map { IndexedSegment(mortal: $0) }
        var heads: [Head] = []
        for (position, index) in indexes.enumerated() {
            if let head = try Head(index, segment: position) { heads.append(head) }
        }
        // Newest first among equal ids: that one decides, and the others are dead already.
        heads.sort { $0.precedes($1) }
        var last: [UInt8]?
        while var head = heads.first {
            if last != head.id {
                if try !indexes[head.segment].isTombstone(head.row) { segments[head.segment].revive(head.row) }
                last = head.id
            }
            heads.removeFirst()
            guard try head.advance(in: indexes[head.segment]) else { continue }
            let place = heads.firstIndex { head.precedes($0) } ?? heads.endIndex
            heads.insert(head, at: place)
        }
        return segments
    }

    private init(mortal index: MappedIndex) {
        self.index = index
        rowCount = index.rowCount
        live = RowSet(rowCount: index.rowCount)
    }

    private mutating func revive(_ row: Int) {
        live?.insert(row)
        liveCount += 1
    }
}

/// Where a merge over sorted ids stands in one segment.
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
