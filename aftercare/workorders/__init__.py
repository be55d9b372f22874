"""Work orders (SA-WO-002): what has to be done for a request, by whom, until it is.

States: pending 待处理 → booked 已预约 → in_service 服务中 → completed 已完成; cancelled 已取消 from any before the end
(pending again when the merge that cancelled it is undone).
Neighbours: intake below; visits and dispatch above move the order along its road.
"""
