"""Training of one host; several are refused by name."""


def wait_hostname_resolution(sm_hosts):
    from clary_runtime.training import wait_for_hosts
    wait_for_hosts(list(sm_hosts))


def rabit_run(exec_fun, args, include_in_training, hosts, current_host, first_port=None,
              second_port=None, max_connect_attempts=None, connect_retry_timeout=3,
              update_rabit_args=False):
    if len(hosts) > 1:
        raise ValueError("rabit_run over several hosts is not available here; use xgboost's own "
                         "collective or dask, or one instance")
    if not include_in_training:
        return
    if update_rabit_args:
        args = dict(args, is_master=True)
    exec_fun(**args)
