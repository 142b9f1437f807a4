package import Disk
internal import Index
internal import SegmentLog

/// The documents of a query in its order, read a portion at a time from one snapshot of the collection.
///
/// Its memory does not depend on the number of documents: it keeps the places of the next ones, and a position from
/// which the indexes are asked for more. Only rows for which documents had to be read are kept, because they could not
/// be found again; see ``heldByteCount``.
package struct DocumentWalk: Sendable {
    /// How many documents pass the filter, independent of skip and limit.
    package let total: Int
    private var run: QueryRun
    private var order: any PlaceOrder
    /// The number of places that are asked for at once.
    private let partCount: Int
    private var places: [RowPlace] = []
    /// How many of the places are done.
    private var position = 0
    private var skipCount: Int
    /// The number of documents after the places.
    private var restCount: Int
    /// The number of bytes of the next document that were returned already.
    private var partialByteCount = 0
    private var isFirst = true
    private var pin: SegmentPin?

    init(_ query: Query, over collection: DocumentCollection, partCount: Int = 2_048) throws(StorageError) {
        self.partCount = partCount
        let window = Window(skip: query.skip, limit: query.limit)
        run = try QueryRun(query.filter, over: collection)
        (total, order) = try run.order(of: query, window)
        skipCount = min(window.start, total)
        restCount = window.isEmpty ? 0 : max(0, min(window.end, total) - skipCount)
        run.plan.recordsRead = restCount
        try fill()
    }

    /// The query plan, complete at the end of the walk.
    package var plan: QueryPlan { run.plan }

    /// Whether all documents were returned.
    package var isAtEnd: Bool { position == places.count && restCount == 0 }

    /// The bytes it holds that grow with the number of matches or the length of the filter; zero for most queries.
    package var heldByteCount: Int { run.heldByteCount + ((order as? KnownOrder)?.byteCount ?? 0) }

    /// Keeps the segments of the snapshot readable until the last copy of the walk is released.
    ///
    /// - Throws: ``StorageError/retired`` if one was merged or dropped already.
    mutating func keepSegments() throws(StorageError) {
        pin = try run.collection.log.pin(run.segments.map(\.index.segment))
        run.releaseRows()
    }

    /// Returns the next documents: as many as fit into `byteCountMax`, at least one; none at the end.
    ///
    /// - Throws: as ``DocumentCollection/list(_:)`` does.
    package mutating func documents(byteCountMax: Int) throws(StorageError) -> [Document] {
        let documents = try read(byteCountMax: byteCountMax)
        position += documents.count
        isFirst = isFirst && documents.isEmpty
        return documents
    }

    /// Returns the next bytes of a JSON array's elements, with the commas between them: at most `byteCountMax`, part of
    /// a document if it is longer; none at the end.
    ///
    /// - Throws: as ``DocumentCollection/list(_:)`` does.
    package mutating func bytes(byteCountMax: Int) throws(StorageError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCountMax)
        for document in try read(byteCountMax: byteCountMax) {
            if !isFirst, partialByteCount == 0 { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            let rest = document.bytes.dropFirst(partialByteCount)
            bytes += rest.prefix(byteCountMax)
            if rest.count > byteCountMax {
                partialByteCount += byteCountMax
            } else {
                partialByteCount = 0
                position += 1
            }
        }
        return bytes
    }

    /// Reads the next documents without passing them.
    private mutating func read(byteCountMax: Int) throws(StorageError) -> [Document] {
        let collection = run.collection
        return try collection.noting(collection.documents(at: nextPointers(byteCountMax: byteCountMax)))
    }

    private mutating func nextPointers(byteCountMax: Int) throws(StorageError) -> [RecordPointer] {
        if position == places.count {
            run.renewIndexes()
            try fill()
            run.releaseRows()
        }
        var pointers: [RecordPointer] = []
        var byteCount = 0
        for place in places[position...] {
            let pointer = try run.segments[place.segment].index.pointer(of: place.row)
            byteCount += Int(pointer.byteCount)
            guard pointers.isEmpty || byteCount <= byteCountMax else { break }
            pointers.append(pointer)
        }
        return pointers
    }

    private mutating func fill() throws(StorageError) {
        let count = min(restCount, partCount)
        places = try order.next(skipping: skipCount, count: count, of: &run)
        precondition(places.count == count, "as many rows match as were counted")
        position = 0
        skipCount = 0
        restCount -= count
    }
}
