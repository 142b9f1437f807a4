internal import Disk
internal import Index

/// The position of an iteration over one segment's column: a run of values that are equal in order, such as 1, "1" and
/// "1.0".
struct ColumnHead {
    let segment: Int
    /// The first value of the run.
    private(set) var value: Scalar
    private let column: any ValueColumn
    private let ascending: Bool
    /// The range of the run, in steps from the end at which the iteration began.
    private var run: Range<Int>
    /// The value after the run, once it was read.
    private var following: Scalar?

    /// Begins at the first value that is not before `first`, or at the end; nil if there is none.
    init?(
        _ column: any ValueColumn,
        of segment: Int,
        from first: Scalar?,
        ascending: Bool
    ) throws(StorageError) {
        var start = 0
        var end = first == nil ? 0 : column.valueCount
        while let first, start < end {
            let middle = (start + end) / 2
            let value = try column.value(at: ascending ? middle : column.valueCount - 1 - middle)
            let isBefore = ascending ? value.precedes(first) : first.precedes(value)
            if isBefore { start = middle + 1 } else { end = middle }
        }
        guard start < column.valueCount else { return nil }
        self.segment = segment
        self.column = column
        self.ascending = ascending
        value = try column.value(at: ascending ? start : column.valueCount - 1 - start)
        run = start..<start + 1
        try extendRun()
    }

    /// Advances to the next run; returns false at the end.
    mutating func advance() throws(StorageError) -> Bool {
        guard let following else { return false }
        value = following
        run = run.upperBound..<run.upperBound + 1
        try extendRun()
        return true
    }

    private mutating func extendRun() throws(StorageError) {
        following = nil
        while run.upperBound < column.valueCount {
            let next = try column.value(at: position(run.upperBound))
            guard !value.precedes(next), !next.precedes(value) else {
                following = next
                return
            }
            run = run.lowerBound..<run.upperBound + 1
        }
    }

    private func position(_ step: Int) -> Int {
        ascending ? step : column.valueCount - 1 - step
    }

    /// Whether the run has a single value, so that its rows ascend.
    var isSingle: Bool { run.count == 1 }

    /// Calls `body` with each row of the run.
    func forEachRow(_ body: (Int) -> Void) throws(StorageError) {
        for step in run { try column.forEachRow(at: position(step), body) }
    }

    /// Whether this position is before another one in the iteration.
    fileprivate func precedes(_ other: ColumnHead) -> Bool {
        ascending ? value.precedes(other.value) : other.value.precedes(value)
    }
}

/// A merge of the columns of several segments in the order of their values: a binary heap of their positions.
struct ColumnMerge {
    private var heap: [ColumnHead] = []

    mutating func add(_ head: ColumnHead) {
        heap.append(head)
        var position = heap.count - 1
        while position > 0, heap[position].precedes(heap[(position - 1) / 2]) {
            heap.swapAt(position, (position - 1) / 2)
            position = (position - 1) / 2
        }
    }

    /// Removes and returns all heads at the next value; empty if all columns are at their end.
    mutating func next() -> [ColumnHead] {
        guard let first = removeFirst() else { return [] }
        var heads = [first]
        while let head = heap.first, !first.precedes(head), let other = removeFirst() { heads.append(other) }
        return heads
    }

    private mutating func removeFirst() -> ColumnHead? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var position = 0
        while true {
            var least = position
            for child in [2 * position + 1, 2 * position + 2]
            where child < heap.count && heap[child].precedes(heap[least]) {
                least = child
            }
            guard least != position else { return first }
            heap.swapAt(least, position)
            position = least
        }
    }
}
