extension JSONDocument {
    /// The ranges to cut so that a member at a path of keys is gone and the document stays valid.
    ///
    /// Each range holds one `"key":value` with one adjoining comma. Keys are compared decoded; duplicates are
    /// all found, at every step of the path. Ascending, without overlaps.
    package func ranges(ofMember path: [String]) -> [Range<Int>] {
        guard let name = path.last else { return [] }
        var objects = [root]
        for key in path.dropLast() {
            objects = objects.flatMap { object in
                object.members.filter { $0.key.string == key }.map(\.value)
            }
        }
        return objects.flatMap { $0.ranges(ofMembersNamed: name) }
    }

    /// The bytes without a member, see `ranges(ofMember:)`; the same bytes where it is missing.
    package func bytes(removingMember path: [String]) -> [UInt8] {
        bytes(removing: ranges(ofMember: path))
    }

    /// The bytes without some ranges, which must ascend and not overlap.
    package func bytes(removing ranges: [Range<Int>]) -> [UInt8] {
        guard !ranges.isEmpty else { return bytes }
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var position = 0
        for range in ranges {
            kept.append(contentsOf: bytes[position..<range.lowerBound])
            position = range.upperBound
        }
        kept.append(contentsOf: bytes[position...])
        return kept
    }
}

extension JSONNode {
    /// A member goes with the comma before it; those at the object's start go with the comma after them.
    fileprivate func ranges(ofMembersNamed name: String) -> [Range<Int>] {
        let members = Array(self.members)
        var ranges: [Range<Int>] = []
        var keptAny = false
        for (index, member) in members.enumerated() {
            guard member.key.string == name else {
                keptAny = true
                continue
            }
            let value = member.value.range
            if keptAny {
                ranges.append(members[index - 1].value.range.upperBound..<value.upperBound)
            } else if index + 1 < members.count {
                ranges.append(member.key.range.lowerBound..<members[index + 1].key.range.lowerBound)
            } else {
                ranges.append(member.key.range.lowerBound..<value.upperBound)
            }
        }
        return ranges
    }
}
