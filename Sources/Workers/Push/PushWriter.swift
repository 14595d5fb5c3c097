internal import Core
internal import Journal

/// Makes pushes durable, and shows them in the export.
struct PushWriter: Sendable {
    /// The result of a change.
    enum Outcome {
        case durable
        case refused(PushGroups.Refusal)
        case notStored(JournalError)
    }

    let journal: Journal
    let registry: ComponentRegistry
    let groups: PushGroups
    let ids: Snowflake
    let notice: SeriesLimitNotice
    /// With as many components, a job without one is refused.
    let mostComponents: Int

    /// Stores metrics of a group: all, or none.
    func write(
        _ action: PushChange.Action,
        _ families: [PushedFamily],
        to group: PushGroup,
        until expiresAt: Timestamp?,
        arrivedAt arrival: Timestamp
    ) async -> Outcome {
        groups.expire(at: arrival)
        let change = PushChange(
            id: ids.mint(),
            group: group,
            action: action,
            expiresAt: expiresAt,
            families: families
        )
        if let refusal = groups.refusal(of: change) {
            if refusal == .tooManySeries {
                // A job whose first push is refused is none that the registry knows.
                let known: Component? =
                    if case .found(let component) = await registry.find(group.component) { component } else {
                        nil
                    }
                notice.send(known ?? Component(key: group.component, id: 0), at: arrival)
            }
            await writeFailure(of: group, until: expiresAt)
            return .refused(refusal)
        }
        return await append(change)
    }

    /// Removes a group.
    func delete(_ group: PushGroup) async -> Outcome {
        await append(PushChange(id: ids.mint(), group: group, action: .delete, expiresAt: nil, families: []))
    }

    /// Remembers that a push was refused; if that cannot be stored, the group does not show it.
    func writeFailure(of group: PushGroup, until expiresAt: Timestamp?) async {
        let change = PushChange(
            id: ids.mint(),
            group: group,
            action: .fail,
            expiresAt: expiresAt,
            families: []
        )
        guard groups.refusal(of: change) == nil else { return }
        _ = await append(change)
    }

    private func append(_ change: PushChange) async -> Outcome {
        guard let component = await component(of: change) else { return .refused(.tooManyComponents) }
        let count = change.families.reduce(0) { $0 + $1.lines.count }
        do throws(JournalError) {
            try await journal.append(
                kind: WorkersLine.Kind.push.rawValue,
                members: WorkersLine.members(
                    component,
                    ids: SampleBlock.counts(of: count).map { ids.mint($0) }
                ),
                body: change.line
            )
        } catch {
            return .notStored(error)
        }
        if change.action != .delete { registry.learn(component) }
        groups.apply(change, of: component)
        return .durable
    }

    /// The component with the name of the job, or a new one; nil when there are too many. A deletion makes none.
    private func component(of change: PushChange) async -> Component? {
        let key = change.group.component
        if case .found(let component) = await registry.find(key) { return component }
        guard change.action == .delete || registry.count < mostComponents else { return nil }
        return Component(key: key, id: ids.mint())
    }
}
