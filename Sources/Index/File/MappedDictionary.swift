internal import Disk
internal import Glibc
internal import JSON

/// Distinct values in order, each found by its position or by bisection.
struct MappedDictionary: Sendable {
    let count: Int
    /// The end offset of each value.
    private let ends: PackedColumn
    private let values: MappedPart

    init(ends: MappedPart, values: MappedPart, count: Int) {
        self.count = count
        self.ends = PackedColumn(part: ends, count: count)
        self.values = values
    }

    /// Returns a value in its stored form; see ``StoredScalar``.
    ///
    /// - Precondition: the position is below `count`.
    func stored(at position: Int) throws(StorageError) -> UnsafeRawBufferPointer {
        let start = position == 0 ? 0 : Int(try ends.value(at: position - 1))
        let end = Int(try ends.value(at: position))
        guard start >= 0, start < end, end <= values.byteCount else { throw values.corrupt() }
        return try values.bytes(at: start, count: end - start)
    }

    /// Returns the value at a position.
    func scalar(at position: Int) throws(StorageError) -> Scalar {
        guard let scalar = StoredScalar.scalar(try stored(at: position)) else { throw values.corrupt() }
        return scalar
    }

    /// Calls `body` with the bytes of a value that is a text.
    func withText<Value>(at position: Int, _ body: (UnsafeRawBufferPointer) -> Value) throws(StorageError) -> Value {
        guard let value = StoredScalar.withText(try stored(at: position), body) else { throw values.corrupt() }
        return value
    }

    /// Returns the position of a value, or nil.
    func position(of scalar: Scalar) throws(StorageError) -> Int? {
        if case .text(let text) = scalar { return try position(of: text) }
        let position = try firstPosition { !$0.isOrdered(before: scalar) }
        guard position < count, try self.scalar(at: position) == scalar else { return nil }
        return position
    }

    /// Returns the position of a text, or nil.
    func position(of text: Text) throws(StorageError) -> Int? {
        var string = text.string
        var failure: StorageError?
        let found = string.withUTF8 { utf8 -> Int? in
            do throws(StorageError) {
                return try position(of: UnsafeRawBufferPointer(utf8))
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw failure }
        return found
    }

    /// Returns the first position whose value passes, given that all later ones do; `count` if there is none.
    func firstPosition(where passes: (Scalar) -> Bool) throws(StorageError) -> Int {
        try (0..<count).firstPosition { position throws(StorageError) in passes(try scalar(at: position)) }
    }

    /// Compares bytes in place: texts are after all other values.
    private func position(of text: UnsafeRawBufferPointer) throws(StorageError) -> Int? {
        let position = try (0..<count).firstPosition { position throws(StorageError) in
            StoredScalar.withText(try stored(at: position)) { !$0.precedes(text) } ?? false
        }
        guard position < count, try withText(at: position, { $0.elementsEqual(text) }) else { return nil }
        return position
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are before others in bytewise order.
    func precedes(_ other: UnsafeRawBufferPointer) -> Bool {
        guard let left = baseAddress, let right = other.baseAddress else { return count < other.count }
        let order = memcmp(left, right, Swift.min(count, other.count))
        return order < 0 || (order == 0 && count < other.count)
    }
}
