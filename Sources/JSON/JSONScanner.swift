/// Finds members in the bytes of an object without parsing or allocating.
///
/// It trusts that the bytes are JSON, because Ledge wrote them: on others it finds nothing or nonsense, but it never
/// traps and never reads outside of them. Only a key written with escapes is decoded on the heap.
package enum JSONScanner {
    /// Calls `body` with each member of an object, in order.
    package static func topLevelMembers(
        of object: UnsafeRawBufferPointer,
        _ body: (_ key: JSONSpan, _ value: JSONSpan) -> Void
    ) {
        var cursor = JSONCursor(object)
        guard cursor.enter(UInt8(ascii: "{")) else { return }
        while let key = cursor.key() {
            guard let value = cursor.value() else { return }
            body(key, value)
            guard cursor.separator() else { return }
        }
    }

    /// Calls `body` with every value at the end of `path`.
    ///
    /// There is more than one where an array stands on the path: each object in it is entered. An array at the end of
    /// the path is passed itself, then each of its elements, so that a field of many values can match any.
    package static func member(
        _ path: FieldPath,
        of object: UnsafeRawBufferPointer,
        _ body: (JSONSpan) -> Void
    ) {
        path.bytes.withUnsafeBytes { path in
            _ = visit(path[...], from: JSONCursor(object)) { span in
                body(span)
                return true
            }
        }
    }

    /// Calls `body` with every value at the end of each path, and the position of the path; in one pass over the object.
    ///
    /// The values of one path come in the order ``member(_:of:_:)`` has them in.
    /// - Precondition: There are at most 64 paths.
    package static func members(
        _ paths: [FieldPath],
        of object: UnsafeRawBufferPointer,
        _ body: (_ path: Int, JSONSpan) -> Void
    ) {
        precondition(paths.count <= 64, "one bit for each path")
        var cursor = JSONCursor(object)
        guard cursor.enter(UInt8(ascii: "{")) else { return }
        // Of two members with one key the first counts.
        var found: UInt64 = 0
        repeat {
            guard let key = cursor.key() else { return }
            for position in paths.indices where found & 1 << UInt64(position) == 0 {
                paths[position].bytes.withUnsafeBytes { path in
                    let count = paths[position].firstCount
                    guard key.isText(UnsafeRawBufferPointer(rebasing: path[..<count])) else { return }
                    found |= 1 << UInt64(position)
                    let rest = count == path.count ? nil : path[(count + 1)...]
                    _ = descend(rest, from: cursor) { span in
                        body(position, span)
                        return true
                    }
                }
            }
            guard cursor.value() != nil else { return }
        } while cursor.separator()
    }

    /// Returns the first value at the end of `path`, or nil.
    package static func first(_ path: FieldPath, of object: UnsafeRawBufferPointer) -> JSONSpan? {
        var first: JSONSpan?
        path.bytes.withUnsafeBytes { path in
            _ = visit(path[...], from: JSONCursor(object)) { span in
                first = span
                return false
            }
        }
        return first
    }

    /// Calls `body` until it returns false, and then returns false too.
    ///
    /// It recurses once for each key of the path, never for what the bytes nest.
    private static func visit(
        _ path: Slice<UnsafeRawBufferPointer>,
        from start: JSONCursor,
        _ body: (JSONSpan) -> Bool
    ) -> Bool {
        var cursor = start
        let dot = path.firstIndex(of: UInt8(ascii: "."))
        let component = UnsafeRawBufferPointer(rebasing: path[..<(dot ?? path.endIndex)])
        guard cursor.enter(UInt8(ascii: "{")), cursor.find(component) else { return true }
        return descend(dot.map { path[($0 + 1)...] }, from: cursor, body)
    }

    /// Goes on at the value of a key with what is left of the path, nothing or the keys below.
    private static func descend(
        _ rest: Slice<UnsafeRawBufferPointer>?,
        from start: JSONCursor,
        _ body: (JSONSpan) -> Bool
    ) -> Bool {
        guard let rest else { return yield(start, body) }
        var cursor = start
        guard cursor.peek == UInt8(ascii: "[") else { return visit(rest, from: cursor, body) }
        guard cursor.enter(UInt8(ascii: "[")) else { return true }
        repeat {
            let element = cursor
            guard cursor.value() != nil else { return true }
            guard visit(rest, from: element, body) else { return false }
        } while cursor.separator()
        return true
    }

    /// Passes the value at the cursor and, if it is an array, its elements.
    private static func yield(_ start: JSONCursor, _ body: (JSONSpan) -> Bool) -> Bool {
        var cursor = start
        guard let value = cursor.value() else { return true }
        guard body(value) else { return false }
        guard value.kind == .array else { return true }
        cursor = start
        guard cursor.enter(UInt8(ascii: "[")) else { return true }
        while let element = cursor.value() {
            guard body(element) else { return false }
            guard cursor.separator() else { break }
        }
        return true
    }
}
