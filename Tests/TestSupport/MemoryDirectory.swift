/// The target of a name: an index into ``MemoryTree/files`` or ``MemoryTree/directories``.
enum Node: Hashable {
    case file(Int)
    case directory(Int)
}

/// The two states of a directory: its current names, and those that survive a power cut.
struct MemoryDirectory {
    /// One change of names that is not synced yet.
    private enum Change {
        case link(String, Node)
        case unlink(String)
        /// The file's name is now in another directory.
        case moveAway(String, Node, to: Int)
        case rename(String, to: String, Node)

        var names: [String] {
            switch self {
            case .link(let name, _), .unlink(let name), .moveAway(let name, _, _): [name]
            case .rename(let name, let newName, _): [name, newName]
            }
        }

        func apply(to entries: inout [String: Node]) {
            switch self {
            case .link(let name, let node):
                entries[name] = node
            case .unlink(let name), .moveAway(let name, _, _):
                entries[name] = nil
            case .rename(let name, let newName, let node):
                entries[name] = nil
                entries[newName] = node
            }
        }
    }

    private(set) var entries: [String: Node] = [:]
    private(set) var durableEntries: [String: Node] = [:]
    private var pending: [Change] = []
    private(set) var synchronizationCount = 0

    init(durableEntries: [String: Node] = [:]) {
        self.entries = durableEntries
        self.durableEntries = durableEntries
    }

    mutating func link(_ name: String, _ node: Node) { change(.link(name, node)) }

    mutating func unlink(_ name: String) { change(.unlink(name)) }

    /// Removes the name of a file that was linked into the directory at index `target`.
    mutating func moveAway(_ name: String, _ node: Node, to target: Int) { change(.moveAway(name, node, to: target)) }

    /// Renames within this directory, atomically.
    mutating func rename(_ name: String, to newName: String, _ node: Node) { change(.rename(name, to: newName, node)) }

    private mutating func change(_ change: Change) {
        change.apply(to: &entries)
        pending.append(change)
    }

    /// Makes all names durable.
    mutating func synchronize() {
        synchronizationCount += 1
        durableEntries = entries
        pending = []
    }

    /// Returns the names after a power cut.
    ///
    /// Changes of different names reach the disk independently; those of one name in their order, so if a change is
    /// lost, every later one of its names is lost too. The old name of a moved file disappears only after its new one
    /// is durable, as journals and soft updates ensure: `isDurable` returns whether a directory already contains a
    /// file.
    func afterPowerCut(
        keeping survival: Survival,
        _ generator: inout SeededGenerator,
        isDurable: (Node, Int) -> Bool
    ) -> [String: Node] {
        switch survival {
        case .nothing:
            return durableEntries
        case .everything:
            return entries
        case .some:
            var result = durableEntries
            var lostNames: Set<String> = []
            for change in pending {
                var isLost = !lostNames.isDisjoint(with: change.names) || Bool.random(using: &generator)
                if case .moveAway(_, let node, let target) = change, !isDurable(node, target) { isLost = true }
                if isLost {
                    lostNames.formUnion(change.names)
                } else {
                    change.apply(to: &result)
                }
            }
            return result
        }
    }
}
