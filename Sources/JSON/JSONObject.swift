/// The members of a JSON object in their original order, with unique keys.
///
/// Keys are compared by their bytes, unlike Swift strings: the two Unicode spellings of `é` are two keys.
package struct JSONObject: Sendable {
    /// Up to this many members, a linear search is as fast as hashing.
    private static let unindexedCountMax = 16

    private var members: [Member] = []
    /// The position of each key in a large object, which would otherwise take quadratic time to parse.
    private var positions: [ExactKey: Int]?

    /// Creates an empty object.
    package init() {}

    /// Creates an object with these members, in this order.
    ///
    /// - Precondition: the keys are unique.
    package init(_ members: some Sequence<(String, JSON)>) {
        for (key, value) in members {
            precondition(append(key, value), "the keys of an object are unique")
        }
    }

    /// The keys, in order.
    package var keys: [String] { members.map(\.key) }

    /// The value of `key`.
    ///
    /// Setting a new key appends it, an existing one keeps its position; setting nil removes it (`.null` is a value).
    package subscript(key: String) -> JSON? {
        get {
            position(of: key).map { members[$0].value }
        }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil): remove(at: position)
            case (nil, let value?): insert(key, value)
            case (nil, nil): break
            }
        }
    }

    /// Appends a member; returns false if its key already exists.
    mutating func append(_ key: String, _ value: JSON) -> Bool {
        guard position(of: key) == nil else { return false }
        insert(key, value)
        return true
    }

    private mutating func insert(_ key: String, _ value: JSON) {
        members.append(Member(key: key, value: value))
        if positions != nil {
            positions?[ExactKey(text: key)] = members.count - 1
        } else if members.count > Self.unindexedCountMax {
            index()
        }
    }

    private mutating func remove(at position: Int) {
        members.remove(at: position)
        positions = nil
        if members.count > Self.unindexedCountMax { index() }
    }

    private mutating func index() {
        var positions: [ExactKey: Int] = [:]
        for (position, member) in members.enumerated() { positions[ExactKey(text: member.key)] = position }
        self.positions = positions
    }

    private func position(of key: String) -> Int? {
        if let positions { return positions[ExactKey(text: key)] }
        return members.firstIndex { $0.key.isIdentical(to: key) }
    }
}

/// The members in order, as `(key, value)`.
extension JSONObject: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { members.count }

    package subscript(position: Int) -> (key: String, value: JSON) {
        (members[position].key, members[position].value)
    }
}

extension JSONObject: Hashable {
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members == right.members
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(members)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral members: (String, JSON)...) {
        self.init(members)
    }
}

/// A key and its value.
private struct Member: Sendable, Hashable {
    let key: String
    var value: JSON

    static func == (left: Member, right: Member) -> Bool {
        left.key.isIdentical(to: right.key) && left.value == right.value
    }
}

/// A key that is hashed and compared by its bytes.
private struct ExactKey: Sendable, Hashable {
    let text: String

    static func == (left: ExactKey, right: ExactKey) -> Bool {
        left.text.isIdentical(to: right.text)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Whether both texts have the same bytes.
    ///
    /// Swift's `==` is faster, but also true for texts that differ only in their Unicode spelling; it is checked first.
    func isIdentical(to other: String) -> Bool {
        self == other && utf8.elementsEqual(other.utf8)
    }
}
